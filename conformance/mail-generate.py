"""Writes messages of Python's email package, each with the parts that it reads back, as lines of JSON."""

import base64
import json
import mailbox
import os
import random
import sys
import tempfile
from email import message_from_bytes, policy
from email.message import EmailMessage

random.seed(int(sys.argv[1]))
NAMES = ["a.exe", "long name with spaces.zip", "grüße.doc", "файл.rtf", "密码.7z", "x" * 120 + ".bin", "a;b\"c'.js", "(c).txt", ""]
WORDS = ["hello", "Grüße", "=?", "--", "From here", "begin", "…", "=20", ".", "x" * 90, ""]


def text():
    return "\n".join(" ".join(random.choices(WORDS, k=random.randint(0, 12))) for _ in range(random.randint(0, 8))) + "\n"


def attach(message):
    data = random.randbytes(random.choice([0, 1, 2, 3, 57, 58, 500, 5000]))
    if random.random() < 0.2:
        data = bytes(random.choice(b"ab=\r\n .-") for _ in range(300))
    name = random.choice(NAMES)
    options = {"filename": name} if name else {}
    kind = random.choice(["octet-stream", "zip", "pdf", "x-msdownload"])
    message.add_attachment(data, maintype="application", subtype=kind, cte=random.choice(["base64", "quoted-printable", "base64"]), **options)


def build(depth):
    message = EmailMessage(policy=random.choice([policy.SMTP, policy.default, policy.SMTP.clone(max_line_length=random.choice([50, 78, 200]))]))
    message["From"] = "Ä Sender <a@example.com>"
    message["To"] = "b@example.com"
    message["Subject"] = random.choice(["plain", "Grüße " * 20, "密码"])
    body = text()
    message.set_content(body, cte=random.choice(["base64", "quoted-printable", "8bit"]))
    if random.random() < 0.5:
        message.add_alternative("<html>" + text() + "</html>", subtype="html")
        if random.random() < 0.5:
            message.get_payload()[1].add_related(random.randbytes(200), "image", "png", cid="<1@x>")
    for _ in range(random.randint(0, 3)):
        attach(message)
    if depth > 0 and random.random() < 0.5:
        message.add_attachment(build(depth - 1))
    return message


# Lines are not shorter than 50: Python does not undo quoted-printable whose name it folded itself.
def parts_of(raw):
    parts = []
    for part in message_from_bytes(raw, policy=policy.default).walk():
        if part.is_multipart():
            continue
        data = part.get_payload(decode=True)
        parts.append({"name": part.get_filename() or "", "data": base64.b64encode(data).decode()})
    return parts


def emit(raw, parts):
    print(json.dumps({"raw": base64.b64encode(raw).decode(), "parts": parts}))


def emit_mailbox():
    with tempfile.TemporaryDirectory() as folder:
        box = mailbox.mbox(os.path.join(folder, "box"))
        parts = []
        for _ in range(4):
            raw = build(1).as_bytes(policy=policy.SMTP.clone(linesep="\n"))
            box.add(raw)
        box.flush()
        box.close()
        for message in mailbox.mbox(os.path.join(folder, "box")):
            parts += parts_of(message.as_bytes(policy=policy.default))
        with open(os.path.join(folder, "box"), "rb") as file:
            emit(file.read(), parts)


for _ in range(int(sys.argv[2])):
    raw = build(2).as_bytes()
    emit(raw, parts_of(raw))
for _ in range(20):
    emit_mailbox()
