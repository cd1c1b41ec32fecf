"""Makes a mix of containers from this machine's own files.

usage: make-containers.py FOLDER MEGABYTES [MARKER]

Writes FOLDER/KIND-N.EXT for zip, tar.gz, 7z, docx, pdf and mail until together they are as long as asked for. With a
marker, every container holds a file that says it.
"""
import os
import random
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
from email.message import EmailMessage
from io import BytesIO

ROOTS = ['/usr/share', '/usr/lib', '/usr/bin']
MAX_FILE = 2_000_000
MEMBERS_BYTES = 12_000_000


def walk():
    found = []
    for root in ROOTS:
        for folder, _, names in os.walk(root):
            for name in names:
                path = os.path.join(folder, name)
                if 'clamav' in path or os.path.islink(path) or not os.path.isfile(path):
                    continue
                size = os.path.getsize(path)
                # What is compressed already would only measure itself.
                if 500 < size < MAX_FILE and not name.endswith(('.gz', '.xz', '.zip', '.jar', '.png', '.pyc', '.mo')):
                    found.append((path, size))
    random.Random(1).shuffle(found)
    return found


def read(path):
    with open(path, 'rb') as file:
        return file.read()


def make_zip(members):
    out = BytesIO()
    with zipfile.ZipFile(out, 'w', zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


def make_tar_gz(members):
    out = BytesIO()
    with tarfile.open(fileobj=out, mode='w:gz', compresslevel=6) as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, BytesIO(content))
    return out.getvalue()


def make_7z(members, folder=os.path.join(tempfile.gettempdir(), 'lazaret-bench', '7z')):
    os.makedirs(folder, exist_ok=True)
    for i, (name, content) in enumerate(members):
        with open(os.path.join(folder, f'{i}-{os.path.basename(name)}'), 'wb') as file:
            file.write(content)
    target = folder + '.7z'
    if os.path.exists(target):
        os.remove(target)
    subprocess.run(['7z', 'a', '-mx=3', target, folder], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(['rm', '-rf', folder], check=True)
    return read(target)


def text_of(content):
    return content.decode('latin-1').replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')


def make_docx(members):
    paragraphs = ''.join(
        f'<w:p><w:r><w:t>{"".join(c for c in text_of(content)[:200_000] if c.isprintable())}</w:t></w:r></w:p>'
        for _, content in members[: len(members) // 3]
    )
    document = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>'
        f'{paragraphs}</w:body></w:document>'
    )
    types = '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
    parts = [('[Content_Types].xml', types.encode()), ('_rels/.rels', b'<?xml version="1.0"?><Relationships/>')]
    parts.append(('word/document.xml', document.encode()))
    media = [(f'word/media/{i}-{os.path.basename(n)}', c) for i, (n, c) in enumerate(members[len(members) // 3 :])]
    return make_zip(parts + media)


def make_pdf(members):
    out = BytesIO()
    out.write(b'%PDF-1.5\n%\xe2\xe3\xcf\xd3\n')
    places = []

    def add(body):
        places.append(out.tell())
        out.write(b'%d 0 obj\n%s\nendobj\n' % (len(places), body))

    add(b'<< /Type /Catalog /Pages 2 0 R >>')
    add(b'<< /Type /Pages /Kids [] /Count 0 >>')
    for _, content in members:
        packed = zlib.compress(content)
        add(b'<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream' % (len(packed), packed))
    start = out.tell()
    out.write(b'xref\n0 %d\n0000000000 65535 f \n' % (len(places) + 1))
    for place in places:
        out.write(b'%010d 00000 n \n' % place)
    out.write(b'trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n' % (len(places) + 1, start))
    return out.getvalue()


def make_mail(members):
    message = EmailMessage()
    message['From'], message['To'], message['Subject'] = 'a@example.org', 'b@example.org', 'Files'
    message.set_content('See the attached files.\n')
    for name, content in members:
        message.add_attachment(content, 'application', 'octet-stream', filename=os.path.basename(name))
    return message.as_bytes()


KINDS = [
    ('zip', 'zip', make_zip),
    ('tar', 'tar.gz', make_tar_gz),
    ('7z', '7z', make_7z),
    ('docx', 'docx', make_docx),
    ('pdf', 'pdf', make_pdf),
    ('mail', 'eml', make_mail),
]


def main():
    folder, megabytes = sys.argv[1], int(sys.argv[2])
    marker = sys.argv[3].encode() if len(sys.argv) > 3 else None
    os.makedirs(folder, exist_ok=True)
    files = walk()
    written, at, number = 0, 0, 0
    while written < megabytes * 1_000_000:
        kind, ending, make = KINDS[number % len(KINDS)]
        members, total = [], 0
        while total < MEMBERS_BYTES:
            path, size = files[at % len(files)]
            at += 1
            members.append((path.lstrip('/'), read(path)))
            total += size
        if marker is not None:
            members.append(('marker.bin', marker))
        content = make(members)
        number += 1
        with open(os.path.join(folder, f'{kind}-{number}.{ending}'), 'wb') as file:
            file.write(content)
        written += len(content)
        if marker is not None and number == len(KINDS):
            return


main()
