// Words of VBA that say what a macro does by itself or to its host. For the reader of a report; no verdict rests on them.

export type VbaKeywordKind = 'starts itself' | 'suspicious'

/** In lower case. */
const STARTS = [
  'auto_open', 'autoopen', 'auto_close', 'autoclose', 'autoexec', 'autoexit', 'autonew', 'document_open',
  'document_close', 'document_new', 'documentopen', 'workbook_open', 'workbook_activate', 'workbook_close',
  'workbook_beforeclose', 'workbook_sheetchange', 'worksheet_activate', 'slideshow', '_onsave', '_painted', '_layout',
  '_initialize', '_gotfocus', '_mousehover', 'inkpicture1',
] // prettier-ignore
const SUSPICIOUS = [
  'shell', 'createobject', 'getobject', 'wscript.shell', 'shellexecute', 'shell.application', 'powershell', 'cmd.exe',
  'cmd /c', 'mshta', 'regsvr32', 'rundll32', 'certutil', 'bitsadmin', 'wmic', 'winmgmts', 'win32_process',
  'urldownloadtofile', 'xmlhttp', 'winhttp', 'internetopen', 'adodb.stream', 'savetofile', 'responsebody',
  'scripting.filesystemobject', 'environ', 'kill', 'filecopy', 'copyhere', 'createtextfile', 'regwrite', 'regread',
  'virtualalloc', 'rtlmovememory', 'createthread', 'createremotethread', 'writeprocessmemory', 'callwindowproc',
  'enumsystemlanguagegroups', 'settimer', 'strreverse', 'chrw', 'callbyname', 'executeexcel4macro', 'macscript',
  'popen', 'vbproject', 'vbcomponents', 'accessvbom', 'vbawarnings', 'msxml2', 'sendkeys', 'application.visible',
  'showwindow', 'vbhide', 'frombase64', 'bin.base64',
] // prettier-ignore

const KINDS: readonly (readonly [VbaKeywordKind, readonly string[]])[] = [
  ['starts itself', STARTS],
  ['suspicious', SUSPICIOUS],
]

/** The words of one kind that `source` holds, in the order of the table. Cost: one pass for each word. */
export function vbaKeywords(source: string): readonly (readonly [kind: VbaKeywordKind, word: string])[] {
  const text = source.toLowerCase()
  return KINDS.flatMap(([kind, words]) => words.filter(word => text.includes(word)).map(word => [kind, word] as const))
}
