/**
 * The list of the picker: what a key does to it, and how it looks. Nothing here reads or writes.
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Layout from "@sso-oidc/terminal/Layout"
import * as CliOutput from "effect/cli/CliOutput"
import * as Option from "effect/Option"
import type { UserInput } from "effect/Terminal"
import { styleText } from "node:util"

/** What can be chosen. */
export interface List {
  /** What is chosen, in a few words. */
  readonly message: string
  /** The texts that are shown and searched, without control characters. */
  readonly titles: ReadonlyArray<string>
  /** Whether several can be chosen. */
  readonly many: boolean
}

/** What the person has done so far. */
export interface State {
  readonly _tag: "State"
  /** The words that are searched for. */
  readonly query: string
  /** The places in the list that have all words of the query. */
  readonly found: ReadonlyArray<number>
  /** Where the pointer is among them. */
  readonly at: number
  /** The places that are marked. */
  readonly marked: ReadonlySet<number>
}

/** The person has chosen these places in the list. */
export interface Taken {
  readonly _tag: "Taken"
  /** The places, in the order of the list. */
  readonly taken: ReadonlyArray<number>
}

/** The abilities and the size of the terminal. */
export interface Look extends Layout.Look {
  readonly rows: number
}

// -----------------------------------------------------------------------------
// keys
// -----------------------------------------------------------------------------

const folded = (text: string): string => text.normalize("NFKC").toLowerCase()

/** Each word of the query must be in the title, in any order. */
const search = ({ titles }: List, query: string): ReadonlyArray<number> => {
  const words = folded(query).split(" ").filter((word) => word !== "")
  return titles.flatMap((title, at) => words.every((word) => folded(title).includes(word)) ? [at] : [])
}

const searched = (list: List, state: State, query: string): State => ({
  ...state,
  query,
  found: search(list, query),
  at: 0
})

/** Nothing is searched for, and nothing is marked. */
export const initial = (list: List): State =>
  searched(list, { _tag: "State", query: "", found: [], at: 0, marked: new Set() }, "")

const moved = (state: State, at: number): State => ({
  ...state,
  at: Math.min(Math.max(0, at), Math.max(0, state.found.length - 1))
})

const toggled = (state: State, places: ReadonlyArray<number>): State => {
  const marked = new Set(state.marked)
  const isOff = places.every((place) => marked.has(place))
  for (const place of places) {
    if (isOff) marked.delete(place)
    else marked.add(place)
  }
  return { ...state, marked }
}

const pointed = ({ at, found }: State): ReadonlyArray<number> => found.slice(at, at + 1)

/** What Enter takes: all that is marked, else where the pointer is. */
const taken = (state: State): ReadonlyArray<number> =>
  state.marked.size > 0 ? [...state.marked].sort((one, other) => one - other) : pointed(state)

/** What the key does. */
export const press = (list: List, state: State, { input, key }: UserInput, look: Look): State | Taken => {
  const { at, found, query } = state
  const name = key.ctrl ? `ctrl-${key.name}` : key.name
  switch (name) {
    case "return":
    case "enter": {
      const places = taken(state)
      return places.length === 0 ? state : { _tag: "Taken", taken: places }
    }
    case "up":
    case "ctrl-p":
    case "ctrl-k":
      return moved(state, at === 0 ? found.length - 1 : at - 1)
    case "down":
    case "ctrl-n":
      return moved(state, at + 1 >= found.length ? 0 : at + 1)
    case "pageup":
      return moved(state, at - room(list, look))
    case "pagedown":
      return moved(state, at + room(list, look))
    case "home":
      return moved(state, 0)
    case "end":
      return moved(state, found.length - 1)
    case "tab":
      return list.many
        ? moved(toggled(state, pointed(state)), at + 1)
        : moved(state, at + 1 >= found.length ? 0 : at + 1)
    case "ctrl-a":
      return list.many ? toggled(state, found) : state
    case "ctrl-u":
      return searched(list, state, "")
    case "backspace":
    case "ctrl-h":
      return query === "" ? state : searched(list, state, [...query].slice(0, -1).join(""))
  }
  const typed = Option.getOrElse(input, () => "")
  return key.ctrl || key.meta || typed === "" || !Wire.isPrintable(typed) ? state : searched(list, state, query + typed)
}

// -----------------------------------------------------------------------------
// rows
// -----------------------------------------------------------------------------

const most = 12

const bold = (text: string, { colours }: Look): string =>
  colours ? styleText("bold", text, { validateStream: false }) : text

/** The end of the text, as far as there is room. */
const tail = (text: string, width: number): string => {
  const characters = [...text]
  while (characters.length > 0 && CliOutput.displayWidth(characters.join("")) > width) characters.shift()
  return characters.join("")
}

const hint = (list: List, state: State): string => {
  const count = state.marked.size
  const takes = count === 0 ? "take" : count === 1 ? "take the marked one" : `take the ${count} marked`
  return list.many
    ? `Up, Down: move. Tab: mark. Ctrl-A: mark all found. Enter: ${takes}.`
    : "Type to search. Up, Down: move. Enter: take."
}

const head = ({ message }: List, look: Look) => Layout.render({ text: message }, look)

/** The rows that the choices may take, at least one. */
const room = (list: List, look: Look): number =>
  Math.max(
    1,
    Math.min(
      most,
      look.rows - 1 - head(list, look).length - Layout.render({ text: hint(list, initial(list)) }, look).length
    )
  )

/** The rows of a choice. A title that is wider than the terminal goes on in the next row: no part of a name is lost. */
const choice = (list: List, state: State, at: number, look: Look): ReadonlyArray<string> => {
  const place = state.found[at] ?? 0
  const pointer = at === state.at ? (look.utf8 ? "❯ " : "> ") : "  "
  const mark = list.many ? (state.marked.has(place) ? "[x] " : "[ ] ") : ""
  const width = pointer.length + mark.length
  const rows = Layout.render({ text: list.titles[place] ?? "" }, {
    ...look,
    columns: Math.max(2, look.columns - width)
  })
  return rows.map((row, index) => {
    const text = index === 0 ? `${pointer}${mark}${row}` : `${" ".repeat(width)}${row}`
    return at === state.at ? bold(text, look) : text
  })
}

/** The choices around the pointer, as many as there is room for. */
const page = (list: List, state: State, look: Look): ReadonlyArray<string> => {
  const rows = room(list, look)
  const { at, found } = state
  const of = (index: number) => choice(list, state, index, look)
  const height = (texts: ReadonlyArray<string>) =>
    texts.reduce((sum, text) => sum + Layout.height(text, look.columns), 0)
  let shown = [...of(at)]
  let left = rows - height(shown)
  let first = at
  let last = at
  const above = (until: number) => {
    while (first > 0) {
      const next = of(first - 1)
      if (height(next) > left - until) return
      shown = [...next, ...shown]
      left -= height(next)
      first--
    }
  }
  above(Math.floor(left / 2))
  while (last < found.length - 1) {
    const next = of(last + 1)
    if (height(next) > left) break
    shown.push(...next)
    left -= height(next)
    last++
  }
  above(0)
  return shown
}

/** The rows on the screen. The last one is the search, where the cursor stays. */
export const render = (list: List, state: State, look: Look): ReadonlyArray<string> => {
  const { found, query } = state
  const counted = `${found.length} of ${list.titles.length}`
  const label = `Search (${counted}): `
  const prompt = label.length + 8 < look.columns ? label : "> "
  return [
    ...head(list, look),
    ...found.length === 0 ? ["  Nothing is found. Backspace brings it back."] : page(list, state, look),
    ...Layout.render({ text: hint(list, state) }, look),
    `${prompt}${tail(query, look.columns - 1 - prompt.length)}`
  ]
}

/** What stays on the screen when the person has chosen. */
export const answer = (list: List, places: ReadonlyArray<number>, look: Look): ReadonlyArray<string> => {
  const titles = places.map((place) => list.titles[place] ?? "")
  return [
    ...head(list, look),
    ...titles.flatMap((text) => Layout.render({ text }, { ...look, columns: Math.max(2, look.columns - 2) }))
      .map((row) => `  ${row}`)
  ]
}
