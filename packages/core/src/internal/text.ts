/**
 * What may be done with texts of the service before a person or a log sees them.
 */

// C0, DEL and C1 controls, line and paragraph separators, and what reorders or hides text around it: a terminal would
// obey the first, and a person would be deceived by the last.
const unsafe =
  // oxlint-disable-next-line no-control-regex -- to find them is what it is for
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/u

const unsafeRuns = new RegExp(`${unsafe.source}+`, "gu")

/** No control character, in any form. */
export const isPrintable = (text: string): boolean => !unsafe.test(text)

const maxLength = 1024

/** One line of at most 1,024 characters, without control characters. */
export const printable = (text: string): string => {
  const line = text.replace(unsafeRuns, " ").trim()
  return line.length > maxLength ? `${line.slice(0, maxLength - 1)}…` : line
}

const mask = "<redacted>"

// A run of this many characters of a secret is taken for a leak of it, even when the rest is missing.
const run = 8

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

// An answer has several texts: made once for the secrets of a request, and gone with them. The forms stay whole, since
// to cut a client secret into its runs costs milliseconds, and a text of the service has few runs to look for.
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

/**
 * Replaces the secrets of a request where a text repeats one: whole, or any run of eight or more of its characters, raw
 * or in JSON, URL, base64, base64url or hex form.
 */
export const maskSecrets = (text: string, secrets: ReadonlyArray<string>): string => {
  if (text === "" || secrets.length === 0) return text
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
