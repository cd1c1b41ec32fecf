import { createHash } from 'node:crypto'
import { join, latin, noise } from '../carriers/bytes.ts'
import { inside, one, type Case } from './case.ts'

// What concerns whole database files: hashes, allow-lists, ignore lists, names, comments, levels, several files.

const content = inside('AAAA', 'BBBB')
const size = content.length
const md5 = createHash('md5').update(content).digest('hex')
const sha1 = createHash('sha1').update(content).digest('hex')
const sha256 = createHash('sha256').update(content).digest('hex')
const other = createHash('md5').update('other').digest('hex')

const A = 'T:0:*:41414141'
const B = 'U:0:*:42424242'
const LONG = 'Test.Long:0:*:41414141'
const LONG_MD5 = createHash('md5').update(LONG).digest('hex')

/** A case with several database files. */
function set(name: string, database: Case['database'], expected: Case['expected'], bytes: Uint8Array = content): Case {
  return { name, database, content: bytes, expected }
}

const HASH_CASES: readonly Case[] = [
  one('md5', 't.hdb', `${md5}:${size}:T`, content, ['T']),
  one('md5 with wrong size', 't.hdb', `${md5}:${size + 1}:T`, content, []),
  one('md5 in upper case', 't.hdb', `${md5.toUpperCase()}:${size}:T`, content, ['T']),
  one('md5 of other content', 't.hdb', `${other}:${size}:T`, content, []),
  one('md5 with any size', 't.hdb', `${md5}:*:T:73`, content, ['T']),
  one('md5 with any size and level range', 't.hdb', `${md5}:*:T:73:255`, content, ['T']),
  one('md5 with any size without level', 't.hdb', `${md5}:*:T`, content, 'refused'),
  one('md5 with any size and low level', 't.hdb', `${md5}:*:T:72`, content, 'refused'),
  one('sha1', 't.hsb', `${sha1}:${size}:T`, content, ['T']),
  one('sha256', 't.hsb', `${sha256}:${size}:T:73`, content, ['T']),
  one('sha256 in an hdb', 't.hdb', `${sha256}:${size}:T`, content, ['T']),
  one('md5 in an hsb', 't.hsb', `${md5}:${size}:T:73`, content, ['T']),
  one('sha256 with any size', 't.hsb', `${sha256}:*:T:73`, content, ['T']),
  one('hash of another length', 't.hsb', `${sha256}00:${size}:T`, content, 'refused'),
  one('hash that is not hexadecimal', 't.hdb', `${md5.slice(0, 31)}g:${size}:T`, content, 'refused'),
  one('size zero', 't.hdb', `${md5}:0:T`, content, 'refused'),
  one('size not a number', 't.hdb', `${md5}:x:T`, content, 'refused'),
  one('hash without name', 't.hdb', `${md5}:${size}`, content, 'refused'),
  one('hash with too high level', 't.hdb', `${md5}:${size}:T:217`, content, []),
  one('hash with too low maximum level', 't.hdb', `${md5}:${size}:T:1:215`, content, []),
  one('hash with level range', 't.hdb', `${md5}:${size}:T:1:216`, content, ['T']),
  one('hash with empty maximum level', 't.hdb', `${md5}:${size}:T:1:`, content, []),
  set('two hashes of the same content', { 't.hdb': [`${md5}:${size}:T`], 'u.hsb': [`${sha256}:${size}:U`] }, [
    'T',
    'U',
  ]),
  set('the same hash twice: the last name', { 't.hdb': [`${md5}:${size}:T`, `${md5}:${size}:U`] }, ['U']),
  set('hash and body', { 't.hdb': [`${md5}:${size}:U`], 't.ndb': [A] }, ['T', 'U']),
  one(
    'hash of a file of five bytes',
    't.hdb',
    `${createHash('md5').update('abcde').digest('hex')}:5:T`,
    latin('abcde'),
    [],
  ),
  one('hash of a file of one byte', 't.hdb', `${createHash('md5').update('a').digest('hex')}:1:T`, latin('a'), []),
]

const LIST_CASES: readonly Case[] = [
  set('allow-list by md5', { 't.ndb': [A], 'u.fp': [`${md5}:${size}:mine`] }, []),
  set('allow-list with wrong size', { 't.ndb': [A], 'u.fp': [`${md5}:${size + 1}:mine`] }, ['T']),
  set('allow-list with any size', { 't.ndb': [A], 'u.fp': [`${md5}:*:mine:73`] }, []),
  set('allow-list of other content', { 't.ndb': [A], 'u.fp': [`${other}:${size}:mine`] }, ['T']),
  set('allow-list by sha256', { 't.ndb': [A], 'u.sfp': [`${sha256}:${size}:mine`] }, []),
  set('allow-list by sha1', { 't.ndb': [A], 'u.sfp': [`${sha1}:${size}:mine`] }, []),
  set('allow-list by sha256 in fp', { 't.ndb': [A], 'u.fp': [`${sha256}:${size}:mine`] }, []),
  set('allow-list against a hash', { 't.hdb': [`${md5}:${size}:T`], 'u.fp': [`${md5}:${size}:mine`] }, []),
  set('ignored by name', { 't.ndb': [A, B], 'u.ign2': ['T'] }, ['U']),
  set('ignored hash by name', { 't.hdb': [`${md5}:${size}:T`], 'u.ign2': ['T'] }, []),
  set('ignored logical by name', { 't.ldb': ['T;Target:0;0;41414141'], 'u.ign2': ['T'] }, []),
  set('ignored by name, other case', { 't.ndb': [A], 'u.ign2': ['t'] }, ['T']),
  set('ignored by part of the name', { 't.ndb': [A], 'u.ign2': ['T.x'] }, ['T']),
  set('ignored with digest of the line', { 't.ndb': [LONG], 'u.ign2': [`Test.Long:${LONG_MD5}`] }, []),
  set('ignored with digest in upper case', { 't.ndb': [LONG], 'u.ign2': [`Test.Long:${LONG_MD5.toUpperCase()}`] }, []),
  set('ignored with digest of another line', { 't.ndb': [LONG], 'u.ign2': [`Test.Long:${other}`] }, ['Test.Long']),
  set('ignored by file, line and name', { 't.ndb': [A, B], 'u.ign': ['t.ndb:1:T'] }, ['U']),
  set('ignored by file, name and wrong line', { 't.ndb': [A, B], 'u.ign': ['t.ndb:2:T'] }, ['U']),
  set('ignored by wrong file and name', { 't.ndb': [A, B], 'u.ign': ['x.ndb:1:T'] }, ['U']),
  set('ignored by short old form', { 't.ndb': [A, B], 'u.ign': ['T'] }, ['U']),
]

const FILE_CASES: readonly Case[] = [
  set('two signatures match', { 't.ndb': [A, B] }, ['T', 'U']),
  set('two signatures of one name', { 't.ndb': [A, 'T:0:*:42424242'] }, ['T']),
  set('comment', { 't.ndb': ['# comment', A] }, ['T']),
  set('comment with leading space', { 't.ndb': [' # comment', A] }, 'refused'),
  set('carriage returns', { 't.ndb': [`${A}\r`, `${B}\r`] }, ['T', 'U']),
  set('blank line', { 't.ndb': [A, '', B] }, 'refused'),
  set('unknown file extension', { 't.ndb': [A], 'u.xyz': ['nothing of ours'] }, ['T']),
  set('upper-case extension', { 't.NDB': [A] }, ['T']),
  set('old db file', { 't.db': ['T=41414141'] }, ['T']),
  set('old db file with (Clam)', { 't.db': ['T (Clam)=41414141'] }, ['T']),
  set('old db file with wildcard', { 't.db': ['T=4141??41'] }, ['T']),
  set('pua file is not loaded', { 't.ndu': ['PUA.T:0:*:41414141'], 'u.ndb': [B] }, ['U']),
  set('pua hash file is not loaded', { 't.hdu': [`${md5}:${size}:PUA.T`], 'u.ndb': [B] }, ['U']),
  set('pua logical file is not loaded', { 't.ldu': ['PUA.T;Target:0;0;41414141'], 'u.ndb': [B] }, ['U']),
  set('pua name in a plain file', { 't.ndb': ['PUA.T:0:*:41414141'] }, ['PUA.T']),
  set('pua name beside a strong one', { 't.ndb': ['PUA.T:0:*:41414141', B] }, ['PUA.T', 'U']),
  set('weak name', { 't.ndb': ['Weak.T:0:*:41414141'] }, ['Weak.T']),
  set('name with braces', { 't.ndb': ['{HEX}php.T-1:0:*:41414141'] }, ['{HEX}php.T-1']),
  set('name with spaces', { 't.ndb': ['T one:0:*:41414141'] }, ['T one']),
  set('ndb with minimum level', { 't.ndb': [`${A}:216`] }, ['T']),
  set('ndb with too high minimum level', { 't.ndb': [`${A}:217`, B] }, ['U']),
  set('ndb with maximum level', { 't.ndb': [`${A}:1:216`] }, ['T']),
  set('ndb with too low maximum level', { 't.ndb': [`${A}:1:215`, B] }, ['U']),
  set('ndb with level that is no number', { 't.ndb': [`${A}:x`] }, 'refused'),
  set('ndb with too many fields', { 't.ndb': [`${A}:1:216:3`] }, 'refused'),
  set('ndb with too few fields', { 't.ndb': ['T:0:*'] }, 'refused'),
  set('ndb with empty name', { 't.ndb': [':0:*:41414141'] }, 'refused'),
  set('ndb with target 15', { 't.ndb': ['T:15:*:41414141', B] }, ['U']),
  set('ndb with target that is no number', { 't.ndb': ['T:x:*:41414141'] }, 'refused'),
  set('ndb with target 14 on plain data', { 't.ndb': ['T:14:*:41414141'] }, ['T']),
  set('ndb with target 13', { 't.ndb': ['T:13:*:41414141', B] }, ['U']),
  set('ndb with target 7 on plain data', { 't.ndb': ['T:7:*:41414141', B] }, ['U']),
  set('ndb and ldb together', { 't.ndb': [A], 'u.ldb': ['U;Target:0;0&1;41414141;42424242'] }, ['T', 'U']),
  set('duplicate lines', { 't.ndb': [A, A] }, ['T']),
  set('last line without a line feed', { 't.ndb': [A, `${B}\u0000`.slice(0, -1)] }, ['T', 'U']),
]

const TYPE_CASES: readonly Case[] = [
  ['graphics: PNG', 5, join(latin('\u0089PNG\r\n\u001a\n'), noise(20), 'AAAA', noise(20))],
  ['graphics: GIF', 5, join('GIF89a', noise(20), 'AAAA', noise(20))],
  ['graphics: JPEG', 5, join(latin('\u00ff\u00d8\u00ff\u00e0\u0000\u0010JFIF\u0000'), noise(20), 'AAAA', noise(20))],
  [
    'document: OLE2',
    2,
    join(latin('\u00d0\u00cf\u0011\u00e0\u00a1\u00b1\u001a\u00e1'), noise(600), 'AAAA', noise(600)),
  ],
  ['document: PDF', 10, join('%PDF-1.4\n', noise(20), 'AAAA', noise(20), '\n%%EOF\n')],
  ['flash', 11, join('FWS\u0006', latin('\u0080\u0000\u0000\u0000'), noise(50), 'AAAA', noise(60))],
  ['java class', 12, join(latin('\u00ca\u00fe\u00ba\u00be\u0000\u0000\u0000\u0034'), noise(20), 'AAAA', noise(20))],
].map(([name, target, bytes]) =>
  one(
    `target ${target as number}: ${name as string}`,
    't.ndb',
    `T:${target as number}:*:41414141`,
    bytes as Uint8Array,
    ['T'],
  ),
)

const TEXT_CASES: readonly Case[] = [
  one(
    'text in target 0',
    't.ndb',
    'T:0:*:68656c6c6f20776f726c64',
    latin('this is a line that says hello world to all\n'.repeat(3)),
    ['T'],
  ),
  one(
    'text in target 7',
    't.ndb',
    'T:7:*:68656c6c6f20776f726c64',
    latin('this is a line that says hello world to all\n'.repeat(3)),
    ['T'],
  ),
  one(
    'html in target 3',
    't.ndb',
    'T:3:*:68656c6c6f20776f726c64',
    latin('<html><body><p>hello world</p></body></html>\n'),
    ['T'],
  ),
  one(
    'html in target 0',
    't.ndb',
    'T:0:*:68656c6c6f20776f726c64',
    latin('<html><body><p>hello world</p></body></html>\n'),
    ['T'],
  ),
  one(
    'mail in target 4',
    't.ndb',
    'T:4:*:68656c6c6f20776f726c64',
    latin('From: a@example.org\nTo: b@example.org\nSubject: x\nReceived: by c\n\nhello world\n'),
    ['T'],
  ),
]

export const FILE_AND_HASH_CASES: readonly Case[] = [
  ...HASH_CASES,
  ...LIST_CASES,
  ...FILE_CASES,
  ...TYPE_CASES,
  ...TEXT_CASES,
]
