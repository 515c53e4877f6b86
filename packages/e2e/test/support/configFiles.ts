/**
 * Config files made by chance, of pieces that stand on lines of their own.
 */
import type { ReaderName } from "./configDifferences.ts"

export interface Piece {
  readonly kind: "section" | "setting" | "line"
  /** The text. The number makes the names in it different. */
  readonly text: (n: number) => string
  /** The readers that read it in another way than ours. */
  readonly not?: ReadonlyArray<ReaderName>
}

const section = (text: (n: number) => string, ...not: ReadonlyArray<ReaderName>): Piece => ({
  kind: "section",
  text,
  not
})
const setting = (text: (n: number) => string, ...not: ReadonlyArray<ReaderName>): Piece => ({
  kind: "setting",
  text,
  not
})
const line = (text: string): Piece => ({ kind: "line", text: () => text })

export const pieces: ReadonlyArray<Piece> = [
  section((n) => `[profile p${n}]`),
  section((n) => `[profile p${n}]   `),
  section((n) => `[profile a${n}-b_c@d+e%f:g/h]`),
  section((n) => `[sso-session s${n}]`),
  section((n) => `[services v${n}]`),
  section((n) => `[plugins${n}]`),
  section((n) => `[bare${n}]`),
  section((n) => `[Profile upper${n}]`),
  section((n) => `[SSO-Session upper${n}]`),
  section((n) => `[profile c${n}] # a comment`, "ini"),
  section((n) => `[profile\tt${n}]`, "ini"),
  section((n) => `[profile 'q${n}']`, "ini"),
  section((n) => `[profile "q${n}"]`, "ini"),
  section((n) => `[profile d${n}.e]`, "ini"),
  section((n) => `[profile my work${n}]`, "ini"),
  section((n) => `[profile "my work${n}"]`, "jsSdk", "ini"),
  section((n) => `[profile  two${n}]`, "jsSdk", "ini"),
  section((n) => `[profile bü${n}]`, "jsSdk"),
  section((n) => `[profile a$${n}]`, "jsSdk"),
  section((n) => `[profile x${n}] text`, "jsSdk", "ini"),
  section((n) => `[ profile sp${n} ]`, "awsCli", "jsSdk"),
  section((n) => `[profiles g${n}]`, "awsCli"),
  section((n) => `[profile es${n}\\ b]`, "awsCli", "ini"),
  setting((n) => `region${n} = eu-west-1`),
  setting((n) => `region${n}=eu-west-1`),
  setting((n) => `region${n}\t=\teu-west-1\t`),
  setting((n) => `region${n} =   eu-west-1   `),
  setting((n) => `url${n} = https://corp.awsapps.com/start/?a=b&c=d`),
  setting((n) => `process${n} = /bin/x --a=b --c = d`),
  setting((n) => `percent${n} = 100% %(region)s %%`),
  setting((n) => `home${n} = $HOME/\${x}/~`),
  setting((n) => `unicode${n} = Zürich 東京 😀`),
  setting((n) => `scopes${n} = sso:account:access, ,b`),
  setting((n) => `brackets${n} = [profile x]`),
  setting((n) => `name-with.${n}`.replace(".", "_") + " = 1"),
  setting((n) => `long${n} = ${"x".repeat(3000)}`),
  setting((n) => `fragment${n} = https://corp.awsapps.com/start#/`, "ini"),
  setting((n) => `semicolon${n} = a;b`, "ini"),
  setting((n) => `quoted${n} = "eu-west-1"`, "ini"),
  setting((n) => `flag${n} = true`, "ini"),
  setting((n) => `nested${n} =\n  a${n} = 1\n  b${n} = 2`, "ini"),
  setting((n) => `nested${n} =\n\n  # a comment\n  a${n} = 1\n\n\tb${n} = 2`, "ini"),
  setting((n) => `Upper${n} = 1`, "jsSdk", "ini"),
  setting((n) => `empty${n} =`, "jsSdk"),
  setting((n) => `goes${n} = on\n  and on`, "jsSdk", "ini"),
  setting((n) => `goes${n} = on\n  and = on\n    and = on`, "jsSdk", "ini"),
  setting((n) => `comment${n} = v # x`, "awsCli"),
  setting((n) => `comment${n} = v ; x`, "awsCli"),
  setting((n) => `a${n}:b = c`, "awsCli"),
  setting((n) => `a${n}: c`, "awsCli", "ini"),
  setting((n) => `bare${n}`, "awsCli", "ini"),
  setting(() => "= nameless", "awsCli"),
  setting((n) => `with blank${n} = 1`, "awsCli", "jsSdk", "ini"),
  setting((n) => `twice${n} = 1\ntwice${n} = 2`, "awsCli"),
  line(""),
  line("   "),
  line("# a comment"),
  line("; a comment = with more"),
  line("#"),
  line("# [profile no]")
]

/** mulberry32 */
const dice = (seed: number) => {
  let state = Math.imul(seed + 1, 0x9e3779b1)
  return (n: number): number => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor(((t ^ (t >>> 14)) >>> 0) / 2 ** 32 * n)
  }
}

/** A file of some of the pieces. The same seed and pieces make the same file. */
export const configFile = (seed: number, from: ReadonlyArray<Piece>): string => {
  const below = dice(seed)
  const of = (...kinds: ReadonlyArray<Piece["kind"]>) => from.filter(({ kind }) => kinds.includes(kind))
  const [sections, settings, lines] = [of("section"), of("setting", "line"), of("line")]
  let n = 0
  const pick = (from: ReadonlyArray<Piece>): string => from[below(from.length)]?.text(n++) ?? ""
  const some = (most: number, from: ReadonlyArray<Piece>) => Array.from({ length: below(most + 1) }, () => pick(from))
  const all = [
    ...some(2, lines),
    ...Array.from({ length: 1 + below(5) }, () => [pick(sections), ...some(6, settings)]).flat()
  ]
  const end = ["\n", "\r\n"][below(2)] ?? "\n"
  return all.join("\n").replaceAll("\n", end) + (below(2) === 0 ? end : "")
}
