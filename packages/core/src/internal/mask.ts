/**
 * Replaces the secrets of a request where a response repeats them.
 */

const mask = "<redacted>"

// A run of this many characters of a secret is taken for a leak of it, even when the rest is missing.
const run = 8

// -----------------------------------------------------------------------------
// quick look
// -----------------------------------------------------------------------------

// A response nearly always repeats nothing. The quick look finds that out without building the encoded forms of a secret,
// which takes longer than the rest of a call. It may say yes without cause, and then the whole search decides. It never says
// no without cause: a run of eight characters of any form has a piece of the secret in it, of the length looked for here.

// each run of 8 characters has a piece of 4 that begins at a multiple of 5
const pieceLength = 4
const pieceStep = 5

const hasPieceOf = (text: string, form: string): boolean => {
  for (let at = 0; at + pieceLength <= text.length; at += pieceStep) {
    if (form.includes(text.slice(at, at + pieceLength))) return true
  }
  return false
}

// a run of 8 characters holds at least 5 whole bytes in base64, which have 3 in a row that begin at a multiple of 3; and at
// least 3 whole bytes in hex
const gramLength = 3

const isVisible = (byte: number): boolean => byte >= 0x20 && byte <= 0x7e

const hasGramOf = (bytes: ReadonlyArray<number>, step: number, secret: string): boolean => {
  for (let at = 0; at + gramLength <= bytes.length; at += step) {
    const [a = 0, b = 0, c = 0] = [bytes[at], bytes[at + 1], bytes[at + 2]]
    if (isVisible(a) && isVisible(b) && isVisible(c) && secret.includes(String.fromCharCode(a, b, c))) return true
  }
  return false
}

const sextets = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

const digitsOf = (text: string, bits: 4 | 6): ReadonlyArray<number> =>
  Array.from(
    text,
    (digit) =>
      bits === 4 ? Number.parseInt(digit, 16) : sextets.indexOf(digit === "-" ? "+" : digit === "_" ? "/" : digit)
  )

/** The whole bytes that digits of so many bits spell, when the first one begins at the bit `from`. */
const bytesOf = (digits: ReadonlyArray<number>, bits: 4 | 6, from: number): ReadonlyArray<number> => {
  const bytes: Array<number> = []
  let value = 0
  let held = -from
  for (const digit of digits) {
    value = ((value << bits) | digit) & 0xffff
    held += bits
    if (held >= 8) {
      held -= 8
      bytes.push((value >> held) & 0xff)
    }
  }
  return bytes
}

// as bytes it is what it is as characters, and JSON escapes nothing in it but `"` and `\`
const isPlain = (secret: string): boolean => /^[ -~]*$/.test(secret)

const plainForms = (secret: string): ReadonlyArray<string> =>
  /^[\w.~!*'()-]*$/.test(secret)
    ? [secret]
    : [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]

interface Looks {
  /** The secrets that are not empty. */
  readonly secrets: ReadonlyArray<string>
  /** A short secret has forms that are shorter than a run; one that is no plain text has bytes of its own. */
  readonly always: boolean
  readonly forms: ReadonlyArray<string>
}

// made once for the secrets of a request, since a response has several texts
const looks = new WeakMap<ReadonlyArray<string>, Looks>()

const looksOf = (secrets: ReadonlyArray<string>): Looks => {
  const known = looks.get(secrets)
  if (known !== undefined) return known
  const some = secrets.filter((secret) => secret !== "")
  const always = some.some((secret) => secret.length <= run || !isPlain(secret))
  const made = { secrets: some, always, forms: always ? [] : some.flatMap(plainForms) }
  looks.set(secrets, made)
  return made
}

/** Whether {@link maskSecrets} can find anything to mask. `false` is certain. */
export const mayHold = (text: string, secrets: ReadonlyArray<string>): boolean => {
  const { always, forms, secrets: some } = looksOf(secrets)
  if (text === "" || some.length === 0) return false
  if (always || forms.some((form) => hasPieceOf(text, form))) return true
  const spells = (runs: RegExp, bits: 4 | 6, from: ReadonlyArray<number>, step: number) =>
    (text.match(runs) ?? []).some((found) => {
      const digits = digitsOf(found, bits)
      return from.some((bit) => {
        const bytes = bytesOf(digits, bits, bit)
        return some.some((secret) => hasGramOf(bytes, step, secret))
      })
    })
  return spells(/[\w+/-]{8,}/g, 6, [0, 2, 4, 6], gramLength) || spells(/[\da-f]{8,}/gi, 4, [0, 4], 1)
}

// -----------------------------------------------------------------------------
// whole search
// -----------------------------------------------------------------------------

const base64 = (text: string): string => {
  let binary = ""
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte)
  return btoa(binary)
}

const hex = (text: string): string => {
  let out = ""
  for (const byte of new TextEncoder().encode(text)) out += byte.toString(16).padStart(2, "0")
  return out
}

// The forms in which a text may come back, by the letters that can stand in them. Base64 depends on the offset modulo 3
// of the secret in what was encoded; its first characters then mix with what stood before, so that the shifted forms
// lose them.
const forms = (secret: string): { readonly [A in Alphabet]: ReadonlyArray<string> } => {
  const based = [base64(secret), base64(` ${secret}`).slice(2), base64(`  ${secret}`).slice(3)].map((form) =>
    form.replace(/=+$/, "")
  )
  const digits = hex(secret)
  return {
    any: [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret.toWellFormed())],
    base64: [...based, ...based.map((form) => form.replaceAll("+", "-").replaceAll("/", "_"))],
    hex: [digits, digits.toUpperCase()]
  }
}

const alphabets = {
  any: /^/,
  base64: /^[A-Za-z0-9+/_-]*$/,
  hex: /^[0-9A-Fa-f]*$/
}

type Alphabet = keyof typeof alphabets

interface Traces {
  /** Every form that is longer than a run, with what no run of a text has between them. */
  readonly long: ReadonlyArray<readonly [letters: RegExp, forms: string]>
  /** The forms that are no longer than a run. */
  readonly short: ReadonlyArray<string>
}

// Not in a printable text, nor in a form of one: no run reaches over it from one form into the next
const between = "\u0000"

// A response has several texts: made once for the secrets of a request, and gone with them.
const traces = new WeakMap<ReadonlyArray<string>, Traces>()

const tracesOf = (secrets: ReadonlyArray<string>): Traces => {
  const known = traces.get(secrets)
  if (known !== undefined) return known
  const all = secrets.map(forms)
  const of = (alphabet: Alphabet): ReadonlyArray<string> => [...new Set(all.flatMap((forms) => forms[alphabet]))]
  const long = (alphabet: Alphabet) =>
    [alphabets[alphabet], of(alphabet).filter((form) => form.length > run).join(between)] as const
  const made = {
    long: [long("any"), long("base64"), long("hex")],
    short: [...of("any"), ...of("base64"), ...of("hex")].filter((form) => form.length <= run && form !== "")
  }
  traces.set(secrets, made)
  return made
}

/** What {@link maskSecrets} does where the quick look says yes. */
export const search = (text: string, secrets: ReadonlyArray<string>): string => {
  const { long, short } = tracesOf(secrets)
  const hidden = new Uint8Array(text.length)
  for (const form of short) {
    for (let at = text.indexOf(form); at !== -1; at = text.indexOf(form, at + 1)) hidden.fill(1, at, at + form.length)
  }
  for (let at = 0; at + run <= text.length; at++) {
    const part = text.slice(at, at + run)
    if (!part.includes(between) && long.some(([letters, forms]) => letters.test(part) && forms.includes(part))) {
      hidden.fill(1, at, at + run)
    }
  }
  if (!hidden.includes(1)) return text
  let out = ""
  for (let at = 0; at < text.length; at++) {
    if (hidden[at] === 0) out += text[at]
    else if (at === 0 || hidden[at - 1] === 0) out += mask
  }
  return out
}

/**
 * Masks the secrets of a request where a text repeats one: whole, or any run of eight or more of its characters, raw or in
 * JSON, URL, base64, base64url or hex form.
 */
export const maskSecrets = (text: string, secrets: ReadonlyArray<string>): string =>
  mayHold(text, secrets) ? search(text, secrets) : text

/**
 * The same for a name that a platform or a transport of ours gave, such as an error code. A secret of one letter would ruin
 * every such name, so that a short secret counts only where it is the whole name.
 */
export const maskName = (name: string, secrets: ReadonlyArray<string>): string =>
  secrets.includes(name) ? mask : maskSecrets(name, secrets.filter((secret) => secret.length > run))
