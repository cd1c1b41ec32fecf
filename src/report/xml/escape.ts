// Text as XML attribute values, losslessly.
//
// XML 1.0 cannot carry most control characters, U+FFFE, U+FFFF and unpaired surrogates, not even as references. They
// are written as `_xHHHH_` with four upper-case hexadecimal digits of the UTF-16 code unit, the convention of
// ECMA-376 part 1, 22.9.2.19 (ST_Xstring). An underscore that would begin such a sequence by accident is written as
// `_x005F_`. U+FEFF is escaped too: XML carries it, but decoders on the way like to take it for a byte order mark.
// Because the check for accidents does not ask for the closing underscore, no neighbour can complete one.

const UNCARRIED = '\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\ud800-\\udfff\\ufffe\\uffff'
const TO_ESCAPE = new RegExp(`[${UNCARRIED}\\ufeff]|_(?=x[0-9A-F]{4})`, 'gu')
const ESCAPED = /_x([0-9A-F]{4})_/g
const MARKUP = /[&<>"\t\n\r]/g
/** Finds a character that no XML 1.0 document may contain (Char, section 2.2). */
export const NOT_XML_CHAR = new RegExp(`[${UNCARRIED}]`, 'u')

/** White space is written as references, because a parser turns it into spaces in attributes (section 3.3.3). */
const REFERENCES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
}

const codeUnit = (char: string): string => `_x${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}_`

/** Replaces what XML cannot carry; markup is left alone. */
export const escapeText = (text: string): string => text.replace(TO_ESCAPE, codeUnit)

/** Undoes escapeText. */
export const unescapeText = (text: string): string =>
  text.replace(ESCAPED, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))

/** Text as the value of an attribute between double quotes, without the `_xHHHH_` escape. */
export const markup = (text: string): string => text.replace(MARKUP, char => REFERENCES[char])

/** Text as the value of an attribute between double quotes; unescapeText gives it back. */
export const attributeValue = (text: string): string => markup(escapeText(text))
