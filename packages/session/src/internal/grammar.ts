/**
 * The grammar of AWS's config and credentials files.
 *
 * No two official readers agree on it. A line is read as the AWS SDKs have it in common. What the AWS CLI or an SDK reads in another way
 * is a problem with its line number.
 */
import type { AwsConfig, File, Problem, Section, Setting } from "../AwsConfig.ts"

type Kind = "profile" | "sso-session" | "services"

interface MutableSection extends Section {
  readonly settings: Map<string, Setting>
}

/** The setting that deeper lines go on with. `setting` is absent if its own line could not be read. */
interface Open {
  readonly indent: number
  readonly name: string
  readonly section: MutableSection
  readonly setting: { readonly line: number; text: string; nested: Map<string, string> | undefined } | undefined
}

// A name in quotes may have blanks. A quote inside a name would be read differently by each tool.
const named = /^(?:"([^"\\]+)"|'([^'\\]+)'|([^\s"'\\]+))$/

const kinds: ReadonlySet<string> = new Set<Kind>(["profile", "sso-session", "services"])

const isKind = (word: string): word is Kind => kinds.has(word)

/** Where a comment begins: `#` or `;` after a blank, or at the start of the line. */
const commentIn = (line: string): number => {
  const found = /(?:^|\s)[#;]/.exec(line)
  return found === null ? -1 : found.index
}

const indentOf = (line: string): number => line.length - line.trimStart().length

const unreadable = "a section's name that cannot be read. Write it like [profile name], or [profile \"my name\"]"

/** Reads a text. It never fails. In the credentials file each section is a profile. */
export const parse = (text: string, file: File): AwsConfig => {
  const sections: Record<Kind, Map<string, MutableSection>> = {
    profile: new Map(),
    "sso-session": new Map(),
    services: new Map()
  }
  const others = new Map<string, MutableSection>()
  const problems: Array<Problem> = []
  const report = (line: number, message: string, section?: string): void =>
    void problems.push({ file, line, message, ...(section === undefined || section === "" ? {} : { section }) })

  let plainDefault: MutableSection | undefined
  let section: MutableSection | undefined
  let open: Open | undefined

  const close = (): void => {
    if (open?.setting === undefined) return
    const { line, nested, text } = open.setting
    open.section.settings.set(open.name, { file, line, value: nested ?? text })
    open = undefined
  }

  const begin = (name: string, line: number): MutableSection => ({ file, name, line, settings: new Map() })

  /** A section of the name, new or begun before. */
  const sectionIn = (map: Map<string, MutableSection>, name: string, title: string, line: number): MutableSection => {
    const found = map.get(name)
    if (found !== undefined) {
      report(line, again, title)
      return found
    }
    const made = begin(title, line)
    map.set(name, made)
    return made
  }

  const header = (trimmed: string, line: number): MutableSection => {
    const end = endOfHeader(trimmed)
    if (end === undefined) {
      report(line, "no ] ends the section's name")
      return begin("", line)
    }
    const after = trimmed.slice(end + 1)
    if (after.trim() !== "" && !/^\s+[#;]/.test(after)) {
      report(line, "text after ]; an SDK passes over the section. Remove it")
    }
    const title = trimmed.slice(1, end).trim()
    if (title === "") {
      report(line, "a section without a name; the AWS CLI refuses the file or passes over the section")
      return begin("", line)
    }
    if (title === "DEFAULT") {
      report(line, "[DEFAULT] is no profile; the AWS CLI takes its settings into every profile. Write [default]")
      return sectionIn(others, title, title, line)
    }
    if (file === "credentials") return sectionIn(sections.profile, title, title, line)
    if (title === "default") {
      if (plainDefault !== undefined) {
        report(line, again, title)
      }
      return plainDefault ??= begin(title, line)
    }
    const [word = "", ...rest] = title.split(/(\s+)/)
    if (!isKind(word)) {
      if (isKind(word.toLowerCase())) report(line, unreadable)
      return sectionIn(others, title, title, line)
    }
    const match = named.exec(rest.join("").trim())
    const name = match?.[1] ?? match?.[2] ?? match?.[3]
    if (name === undefined) {
      report(line, unreadable)
      return sectionIn(others, title, title, line)
    }
    return sectionIn(sections[word], name, `${word} ${name}`, line)
  }

  /** A line deeper than its setting: a setting inside it, or more of its value. */
  const goOn = (trimmed: string, hasComment: boolean, line: number, { section, setting }: Open): void => {
    if (setting === undefined) return
    if (setting.text === "") {
      setting.nested ??= new Map()
      const at = trimmed.indexOf("=")
      const name = trimmed.slice(0, Math.max(at, 0)).trim().toLowerCase()
      if (name === "") return report(line, "no name = value; the AWS CLI refuses the file", section.name)
      if (setting.nested.has(name)) report(line, repeated, section.name)
      setting.nested.set(name, trimmed.slice(at + 1).trim())
    } else {
      setting.text += `\n${trimmed}`
      report(
        line,
        "goes on with the value of the line before. If it is a setting, remove the blanks before it",
        section.name
      )
    }
    if (hasComment) report(line, commentProblem, section.name)
  }

  const lines = (text.startsWith("\ufeff") ? text.slice(1) : text).split(/\r\n|\n|\r/)
  for (const [index, raw] of lines.entries()) {
    const line = index + 1
    const whole = raw.trim()
    if (whole === "" || whole.startsWith("#") || whole.startsWith(";")) continue
    const indent = indentOf(raw)
    const isDeeper = open !== undefined && indent > open.indent
    if (!isDeeper && whole.startsWith("[")) {
      close()
      open = undefined
      section = header(whole, line)
      continue
    }
    const at = commentIn(raw)
    const trimmed = at === -1 ? whole : raw.slice(0, at).trim()
    if (isDeeper && open !== undefined) {
      goOn(trimmed, at !== -1, line, open)
      continue
    }
    close()
    open = undefined
    if (section === undefined) {
      report(line, "a setting before the first section; the AWS CLI refuses the file")
      continue
    }
    const equals = trimmed.indexOf("=")
    const name = trimmed.slice(0, Math.max(equals, 0)).trim().toLowerCase()
    if (name === "") {
      report(line, "no name = value; the AWS CLI refuses the file or reads it in another way", section.name)
    } else if (/\s/.test(name)) report(line, "a name with a space, which no tool looks for", section.name)
    else if (section.settings.has(name)) {
      report(line, `${repeated}; the AWS CLI refuses the file`, section.name)
    }
    const isSetting = name !== "" && !/\s/.test(name)
    if (at !== -1 && isSetting) report(line, commentProblem, section.name)
    open = {
      indent,
      name,
      section,
      setting: isSetting ? { line, text: trimmed.slice(equals + 1).trim(), nested: undefined } : undefined
    }
  }
  close()

  if (plainDefault !== undefined) {
    if (sections.profile.has("default")) {
      report(0, "[default] beside [profile default], which counts. Remove [default]", "profile default")
    } else sections.profile.set("default", plainDefault)
  }
  return {
    profiles: sections.profile,
    ssoSessions: sections["sso-session"],
    services: sections.services,
    others,
    problems
  }
}

const commentProblem = "the AWS CLI reads the comment as part of the value. Put it on a line of its own"

const repeated = "set twice, and the last one counts"

const again = "the section was begun before; the AWS CLI refuses the file. Merge the two sections"

/** Whether the problem can be why a setting of its section is missing. */
export const canLose = ({ message }: Problem): boolean =>
  message !== commentProblem && message !== again && !message.startsWith(repeated)

/** The place of the `]` that ends a header. A name in quotes may have one. */
const endOfHeader = (trimmed: string): number | undefined => {
  let quote: string | undefined
  for (let at = 1; at < trimmed.length; at++) {
    const char = trimmed[at]
    if (quote === undefined && char === "]") return at
    if (char === quote) quote = undefined
    else if (quote === undefined && (char === "\"" || char === "'")) quote = char
  }
  // a quote that nothing ends
  const at = trimmed.indexOf("]")
  return at === -1 ? undefined : at
}
