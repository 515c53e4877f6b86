/**
 * The words of an error that a credential provider threw, for a person. A provider may put a path, a key or what it read into them.
 */
import * as Wire from "@sso-oidc/core/aws/Wire"

const mask = "<redacted>"

const none = "It gave no reason"

// So many characters of a key in a row count as a leak.
const least = 8

/** Masks the keys, and 8 or more of their characters in a row, in each form that a text may have. */
const withoutKeys = (text: string, keys: ReadonlyArray<string>): string => {
  const forms = keys.filter((key) => key !== "").flatMap((key) => {
    const { base64, hex, written } = Wire.formsOf(key)
    return [...written, ...base64, hex, hex.toUpperCase()]
  })
  let out = ""
  let end = 0
  for (let at = 0; at < text.length; at++) {
    const found = forms.find((form) =>
      form.length <= least ? text.startsWith(form, at) : form.includes(text.slice(at, at + least).padEnd(least, "\0"))
    )
    if (found !== undefined) {
      if (at >= end) out += mask
      end = Math.max(end, at + Math.min(found.length, least))
    }
    if (at >= end) out += text[at]
  }
  return out
}

/** What stands after a name of a secret, and a run of letters, digits and the signs of base64 that is too mixed for a word. */
const withoutLookalikes = (text: string): string =>
  text
    .replace(
      /((?:secret|token|password|passwd|pwd|credential|key)\w*["']?\s*[:=]\s*|--[\w-]*(?:secret|token|password|key)[\w-]*[\s=]+)(?:Bearer\s+)?["']?[^\s"',;}]+/gi,
      `$1${mask}`
    )
    .replace(
      /[\w+/=-]{16,}/g,
      (run) => (/[a-z]/.test(run) && /[A-Z]/.test(run) && /\d/.test(run)) || /^[\w+/=]{32,}$/.test(run) ? mask : run
    )

/** A path may have the name of a user, and a URL may have anything after its host. */
const withoutPaths = (text: string): string =>
  text
    .replace(/\b([a-z][a-z+.-]*:\/\/)(?:[^\s/@]*@)?([\w.:[\]-]*)[^\s"'`]*/gi, (_, scheme: string, host: string) =>
      /^file/i.test(scheme) ? "<path>" : `${scheme}${host}`)
    .replace(/(["'`])(?:[A-Za-z]:|~|\.{1,2})?[\\/][^"'`]*\1/g, "$1<path>$1")
    .replace(/(^|[\s"'`(=:,[])(?:[A-Za-z]:|~|\.{1,2})?[\\/](?!\/)[^\s"'`,;)\]]+/g, "$1<path>")
    // the rest of a path with spaces
    .replace(/\S*(?:\\|\/\.)\S*/g, "<path>")

const clean = (text: string, keys: ReadonlyArray<string>): string =>
  Wire.oneLine(withoutPaths(withoutLookalikes(withoutKeys(text, keys))))

const isText = (value: unknown): value is string => typeof value === "string" && value.trim() !== ""

/** A name of a failure, such as `ENOENT`. */
const codeOf = (error: unknown): string | undefined => {
  const code = Wire.memberOf(error, "code")
  return typeof code === "string" && /^[A-Z][A-Z0-9_]{1,40}$/.test(code) ? code : undefined
}

/** The words of a value that was thrown, on one line, without paths, `keys` and anything that looks like a key. */
export const wordsOf = (error: unknown, keys: ReadonlyArray<string>, depth = 0): string => {
  if (isText(error)) return clean(error, keys)
  const code = codeOf(error)
  // an error of the platform, whose words have the path or the command
  if (isText(Wire.memberOf(error, "syscall")) || isText(Wire.memberOf(error, "path"))) {
    return code === undefined ? none : `It failed with ${code}`
  }
  // its words repeat what was parsed
  if (Wire.memberOf(error, "name") === "SyntaxError") return "It could not parse what it read"
  const message = Wire.memberOf(error, "message")
  const inner = Wire.memberOf(error, "errors")
  const parts = Array.isArray(inner) && depth < 2
    ? inner.slice(0, 4).map((one) => wordsOf(one, keys, depth + 1)).filter((words) => words !== none)
    : []
  const words = [...(isText(message) ? [clean(message, keys)] : []), ...parts].join("; ")
  return words !== "" ? Wire.oneLine(words) : code === undefined ? none : `It failed with ${code}`
}
