/**
 * Where the AWS CLI, the AWS SDK for JavaScript and the package `ini` read a config file in another way than we do.
 *
 * Each line has a name and a file that shows it. `docs/session.md` has the same table, and a test compares the two.
 */

export type ReaderName = "awsCli" | "jsSdk" | "ini"

export interface Difference {
  /** What is written. It is markdown. */
  readonly input: string
  /** What we make of it. */
  readonly ours: string
  /** What the reader makes of it. Absent if it reads it as we do. */
  readonly awsCli?: string
  readonly jsSdk?: string
  readonly ini?: string
  /** A file that shows it. */
  readonly sample: string
  /** The cases of session's fixture that show it too. */
  readonly cases: ReadonlyArray<string>
}

const refused = "refuses the whole file"
const lost = "section lost"
const own = "a section of its own"

export const differences: ReadonlyArray<Difference> = [
  {
    input: "`k = v # x`",
    ours: "`v`",
    awsCli: "`v # x`",
    sample: "[profile a]\nk = v # x\n",
    cases: ["inline-hash", "inline-semicolon", "hash-fragment-spaced"]
  },
  {
    input: "`k = v#x`",
    ours: "`v#x`",
    ini: "`v`",
    sample: "[profile a]\nk = v#x\n",
    cases: ["inline-no-space", "hash-fragment-url"]
  },
  {
    input: "`k = #x`",
    ours: "empty",
    awsCli: "`#x`",
    jsSdk: "no setting",
    sample: "[profile a]\nk = #x\nl = 1\n",
    cases: ["value-starts-hash"]
  },
  {
    input: "`k =`",
    ours: "empty",
    jsSdk: "no setting",
    sample: "[profile a]\nk =\nl = 1\n",
    cases: ["empty-value", "nested-unindented"]
  },
  {
    input: "`Region = x`",
    ours: "`region`",
    jsSdk: "`Region`, which is never found",
    ini: "`Region`",
    sample: "[profile a]\nRegion = x\n",
    cases: ["key-upper"]
  },
  {
    input: "`k` without `=`",
    ours: "no setting",
    awsCli: refused,
    ini: "`true`",
    sample: "[profile a]\nk\nl = 1\n",
    cases: ["no-equals"]
  },
  {
    input: "`= v`",
    ours: "no setting",
    awsCli: refused,
    sample: "[profile a]\n= v\nl = 1\n",
    cases: ["empty-key"]
  },
  {
    input: "`k: v`",
    ours: "no setting",
    awsCli: "`k` is `v`",
    ini: "`true`",
    sample: "[profile a]\nk: v\nl = 1\n",
    cases: ["colon-delimiter"]
  },
  {
    input: "`k:l = v`",
    ours: "`k:l` is `v`",
    awsCli: "`k` is `l = v`",
    sample: "[profile a]\nk:l = v\n",
    cases: ["colon-before-equals"]
  },
  {
    input: "`k l = v`",
    ours: "no setting",
    awsCli: "`k l` is `v`",
    jsSdk: "`k l` is `v`",
    ini: "`k l` is `v`",
    sample: "[profile a]\nk l = v\nm = 1\n",
    cases: ["key-with-space"]
  },
  {
    input: "a setting twice",
    ours: "the last one",
    awsCli: refused,
    sample: "[profile a]\nk = 1\nk = 2\n",
    cases: ["key-dup"]
  },
  {
    input: "`Region` and `region`",
    ours: "the last one",
    awsCli: refused,
    jsSdk: "two settings",
    ini: "two settings",
    sample: "[profile a]\nRegion = 1\nregion = 2\n",
    cases: ["key-upper-and-lower"]
  },
  {
    input: "`__proto__ = v`",
    ours: "a setting",
    jsSdk: "no setting",
    ini: "no setting",
    sample: "[profile a]\n__proto__ = v\nl = 1\n",
    cases: ["proto-key"]
  },
  {
    input: "a setting before the first section",
    ours: "no setting",
    awsCli: refused,
    sample: "k = v\n[profile a]\nl = 1\n",
    cases: ["key-before-section"]
  },
  {
    input: "a deeper line after `k = v`",
    ours: "more of the value",
    jsSdk: "a setting, if it has `=`",
    ini: "a setting",
    sample: "[profile a]\nk = v\n  l = w\n",
    cases: ["continuation", "continuation-with-equals"]
  },
  {
    input: "a blank line, then a deeper line",
    ours: "more of the value",
    awsCli: "more of the value, with the blank line",
    jsSdk: "a setting, if it has `=`",
    ini: "a setting",
    sample: "[profile a]\nk = v\n\n  l = w\n",
    cases: ["blank-line-in-value"]
  },
  {
    input: "`k =`, then a deeper `l = v`",
    ours: "`l` inside `k`",
    ini: "`k` is empty, `l` is a setting",
    sample: "[profile a]\nk =\n  l = v\n",
    cases: ["empty-value-then-indent", "crlf", "nested-services", "nested-blank-line"]
  },
  {
    input: "`k =`, then a deeper `l = v # x`",
    ours: "`v`",
    awsCli: "`v # x`",
    ini: "`k` is empty, `l` is a setting",
    sample: "[profile a]\nk =\n  l = v # x\n",
    cases: ["nested-comment"]
  },
  {
    input: "`k =`, then a deeper line without `=`",
    ours: "nothing inside `k`",
    awsCli: refused,
    jsSdk: "no setting",
    ini: "`k` is empty, `l` is `true`",
    sample: "[profile a]\nk =\n  l\nm = 1\n",
    cases: ["nested-no-equals"]
  },
  {
    input: "indented settings, of which one has deeper lines",
    ours: "the next setting is a setting",
    jsSdk: "the next setting is inside it too",
    ini: "the deeper lines are settings",
    sample: "[profile a]\n  k =\n    l = v\n  m = 1\n",
    cases: []
  },
  {
    input: "a deeper `[profile b]` after `k = v`",
    ours: "more of the value",
    jsSdk: "a profile",
    ini: lost,
    sample: "[profile a]\nk = v\n  [profile b]\nl = 1\n",
    cases: []
  },
  {
    input: "a deeper `[profile b]` after `k =`",
    ours: "nothing inside `k`",
    awsCli: refused,
    jsSdk: "a profile",
    ini: lost,
    sample: "[profile a]\nk =\n  [profile b]\nl = 1\n",
    cases: []
  },
  {
    input: "`k = \"v\"`",
    ours: "`\"v\"`",
    ini: "`v`",
    sample: "[profile a]\nk = \"v\"\n",
    cases: ["value-quotes"]
  },
  {
    input: "`k = true`, `k = null`",
    ours: "a text",
    ini: "a boolean, a null",
    sample: "[profile a]\nk = true\n",
    cases: []
  },
  {
    input: "`k[] = v`",
    ours: "`k[]` is `v`",
    ini: "a list",
    sample: "[profile a]\nk[] = v\n",
    cases: []
  },
  {
    input: "a section twice",
    ours: "one section",
    awsCli: refused,
    sample: "[profile a]\nk = 1\n[profile b]\nl = 1\n[profile a]\nm = 1\n",
    cases: ["section-dup"]
  },
  {
    input: "a section twice, once with quotes",
    ours: "one section",
    awsCli: "the later one",
    ini: own,
    sample: "[profile a]\nk = 1\n[profile \"a\"]\nm = 1\n",
    cases: ["section-dup-quoted"]
  },
  {
    input: "a section without settings",
    ours: "a section",
    jsSdk: "no section",
    sample: "[profile a]\n",
    cases: []
  },
  {
    input: "`[default]` after `[profile default]`",
    ours: "`[profile default]`",
    awsCli: "`[default]`",
    ini: "`[default]`",
    sample: "[profile default]\nk = 1\n[default]\nk = 2\n",
    cases: ["default-both-reversed"]
  },
  {
    input: "`[default]` before `[profile default]`",
    ours: "`[profile default]`",
    ini: "`[default]`",
    sample: "[default]\nk = 1\n[profile default]\nk = 2\n",
    cases: ["default-both"]
  },
  {
    input: "`[DEFAULT]`",
    ours: "no profile",
    awsCli: "its settings are in each section",
    sample: "[DEFAULT]\nk = 1\n[profile a]\nl = 1\n",
    cases: ["DEFAULT-upper"]
  },
  {
    input: "`[profile a] text`",
    ours: "a profile, and the text is dropped",
    jsSdk: lost,
    ini: lost,
    sample: "[profile a] text\nk = 1\n",
    cases: ["section-trailing-text"]
  },
  {
    input: "`[profile a] # x`",
    ours: "a profile",
    ini: lost,
    sample: "[profile a] # x\nk = 1\n",
    cases: ["section-trailing-comment"]
  },
  {
    input: "`[ profile a ]`",
    ours: "a profile",
    awsCli: "no profile",
    jsSdk: "no profile",
    sample: "[ profile a ]\nk = 1\n",
    cases: ["section-inner-space"]
  },
  {
    input: "`[profile  a]`, with two blanks",
    ours: "a profile",
    jsSdk: "no profile",
    ini: "`\" a\"`",
    sample: "[profile  a]\nk = 1\n",
    cases: ["section-two-spaces"]
  },
  {
    input: "`[profile` and a tab",
    ours: "a profile",
    ini: "no profile",
    sample: "[profile\ta]\nk = 1\n",
    cases: ["section-tab"]
  },
  {
    input: "`  [profile a]`",
    ours: "a profile",
    ini: lost,
    sample: "  [profile a]\nk = 1\n",
    cases: ["section-indented"]
  },
  {
    input: "`[profile \"my work\"]`",
    ours: "a profile",
    jsSdk: "no profile",
    ini: "with its quotes",
    sample: "[profile \"my work\"]\nk = 1\n",
    cases: ["section-quoted-space"]
  },
  {
    input: "`[profile 'a']`",
    ours: "a profile",
    ini: "with its quotes",
    sample: "[profile 'a']\nk = 1\n",
    cases: ["section-single-quoted"]
  },
  {
    input: "`[profile my work]`",
    ours: "no profile",
    ini: "a profile",
    sample: "[profile my work]\nk = 1\n",
    cases: ["section-unquoted-space"]
  },
  {
    input: "`[profile a\\ b]`",
    ours: "no profile",
    awsCli: "`a b`",
    ini: "`a\\ b`",
    sample: "[profile a\\ b]\nk = 1\n",
    cases: ["section-escaped"]
  },
  {
    input: "`[profile \"a]`",
    ours: "no profile",
    ini: "`\"a`",
    sample: "[profile \"a]\nk = 1\n",
    cases: ["section-half-quote"]
  },
  {
    input: "`[profile a.b]`",
    ours: "`a.b`",
    ini: "`b` inside `a`",
    sample: "[profile a.b]\nk = 1\n",
    cases: ["section-special-chars"]
  },
  {
    input: "`[profile büro]`, `[profile a$b]`",
    ours: "a profile",
    jsSdk: "no profile",
    sample: "[profile büro]\nk = 1\n",
    cases: ["section-unicode", "section-dollar"]
  },
  {
    input: "`[profile __proto__]`",
    ours: "a profile",
    jsSdk: "no profile at all in the file",
    sample: "[profile __proto__]\nk = 1\n[profile b]\nl = 1\n",
    cases: ["proto"]
  },
  {
    input: "`[profiles a]`, `[sso-sessions a]`",
    ours: "no profile",
    awsCli: "a profile, a session",
    sample: "[profiles a]\nk = 1\n",
    cases: ["prefix-glued", "sso-session-glued"]
  },
  {
    input: "`[profile a`",
    ours: "no profile",
    awsCli: refused,
    sample: "[profile a\nk = 1\n",
    cases: ["section-unclosed"]
  },
  {
    input: "`[]`",
    ours: "no section",
    awsCli: refused,
    sample: "[profile a]\nk = 1\n[]\nl = 1\n",
    cases: []
  },
  {
    input: "a byte order mark",
    ours: "skipped",
    awsCli: refused,
    ini: lost,
    sample: "\ufeff[profile a]\nk = 1\n",
    cases: ["bom"]
  },
  {
    input: "a byte order mark, then a comment",
    ours: "skipped",
    awsCli: refused,
    sample: "\ufeff# x\n[profile a]\nk = 1\n",
    cases: ["bom-comment-first"]
  },
  {
    input: "CR alone as the end of a line",
    ours: "the end of a line",
    jsSdk: "the file is one line",
    sample: "[profile a]\rk = 1\r",
    cases: ["cr-only"]
  }
]
