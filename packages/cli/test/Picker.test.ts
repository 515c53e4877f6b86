import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as Layout from "@sso-oidc/terminal/Layout"
import * as FakeScreen from "@sso-oidc/test-kit/screen"
import * as Prompt from "effect/cli/Prompt"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Host from "../src/Host.ts"
import * as Picker from "../src/Picker.ts"
import * as List from "../src/PickerList.ts"

const hostOf = (fake: ReturnType<typeof FakeScreen.make> | undefined): Host.Service => {
  const look = () => ({ columns: 80, colours: false, utf8: true })
  return {
    isInteractive: fake !== undefined,
    hasTerminal: fake !== undefined,
    output: look,
    messages: look,
    terminal: fake?.terminal,
    write: () => {},
    environment: {},
    takeSignals: () => Effect.void
  }
}

/** What the person does: a key, or `ctrl-` and a key, or a size of the window. */
type Act = string | { readonly columns: number; readonly rows: number }

interface Given {
  readonly titles: ReadonlyArray<string>
  readonly many?: boolean
  readonly columns?: number
  readonly rows?: number
  readonly able?: { readonly colours?: boolean; readonly utf8?: boolean }
}

/** Opens a list on a terminal in memory. */
const open = ({ able, columns = 80, many = false, rows = 24, titles }: Given) =>
  Effect.gen(function*() {
    const fake = FakeScreen.make({ columns, rows }, able)
    const fiber = yield* Effect.forkChild(
      Picker.choose({ message: "Choose a role:", choices: titles.map((title, value) => ({ title, value })), many })
        .pipe(
          Effect.provideService(Host.Host, hostOf(fake)),
          Effect.provide(NodeServices.layer)
        )
    )
    const settled = Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
    const act = Effect.fnUntraced(function*(...acts: ReadonlyArray<Act>) {
      for (const act of acts) {
        if (typeof act !== "string") fake.resize(act)
        else if (act.startsWith("ctrl-")) fake.press(act.slice(5), { ctrl: true })
        else fake.press(act)
      }
      yield* settled
    })
    yield* settled
    return { ...fake, act, chosen: Fiber.join(fiber), exit: Fiber.await(fiber), fiber }
  })

const typed = (text: string): ReadonlyArray<Act> => [...text]

const roles = Array.from({ length: 300 }, (_, at) => `${100_000_000_000 + at} ${at % 3 === 0 ? "Admin" : "ReadOnly"}`)

describe("the list", () => {
  it.effect("Enter takes the choice at the pointer, and what was chosen stays on the screen", () =>
    Effect.gen(function*() {
      const { act, chosen, screen, terminal } = yield* open({ titles: ["one", "two", "three"] })
      assert.deepStrictEqual(screen.visible, [
        "Choose a role:",
        "❯ one",
        "  two",
        "  three",
        "Type to search. Up, Down: move. Enter: take.",
        "Search (3 of 3):"
      ])
      yield* act("down", "down", "down", "up", "return")
      assert.deepStrictEqual(yield* chosen, [2])
      assert.strictEqual(screen.text, "Choose a role:\n  three\n")
      assert.isTrue(terminal.colours)
    }))

  it.effect("all words that are typed are searched for, in any order and case, and Backspace takes one back", () =>
    Effect.gen(function*() {
      const { act, chosen, screen } = yield* open({ titles: roles })
      yield* act(...typed("ADMIN 29"))
      assert.include(screen.text, "Search (4 of 300): ADMIN 29")
      yield* act(...typed("zz"))
      assert.include(screen.text, "Nothing is found.")
      // nothing is taken of an empty list
      yield* act("return", "tab", "up", "pagedown", "end", "backspace", "backspace", ...typed("7"))
      assert.include(screen.text, "Search (1 of 300): ADMIN 297")
      yield* act("ctrl-u")
      assert.include(screen.text, "Search (300 of 300):")
      yield* act("end", "return")
      assert.deepStrictEqual(yield* chosen, [299])
    }))

  it.effect("several are marked, also across searches, and are given in the order of the list", () =>
    Effect.gen(function*() {
      const { act, chosen, screen } = yield* open({ titles: roles, many: true })
      yield* act(...typed("299"), "tab", "ctrl-u", ...typed("250"), "tab", "ctrl-u", ...typed("Admin 29"), "ctrl-a")
      assert.include(screen.text, "[x] 100000000297 Admin")
      assert.include(screen.text, "Enter: take the 6 marked.")
      // a mark is taken off
      yield* act("tab", "ctrl-u")
      assert.include(screen.text, "[ ] 100000000000 Admin")
      yield* act("return")
      assert.deepStrictEqual(yield* chosen, [250, 291, 294, 297, 299])
    }))

  it.effect("without a mark, Enter takes the choice at the pointer", () =>
    Effect.gen(function*() {
      const { act, chosen } = yield* open({ titles: ["one", "two"], many: true })
      yield* act("down", "return")
      assert.deepStrictEqual(yield* chosen, [1])
    }))

  it.effect.each([[80, 24], [40, 24], [40, 10], [20, 8], [10, 5], [6, 3]] as const)(
    "%d columns and %d rows show the pointer wherever it is, and the list stays in its place",
    ([columns, rows]) =>
      Effect.gen(function*() {
        const titles = roles.map((title, at) => `${title} ${"of a long name ".repeat(at % 3)}`)
        // the screen throws if something is drawn above it
        const { act, fiber, screen } = yield* open({ titles, columns, rows, able: { colours: false } })
        for (const key of ["down", "down", "pagedown", "pagedown", "up", "end", "pageup", "home", "up", "down"]) {
          yield* act(key)
          assert.isAtMost(screen.rows.length, rows, screen.text)
          assert.strictEqual(screen.visible.filter((row) => row.startsWith("❯")).length, 1, screen.text)
        }
        yield* Fiber.interrupt(fiber)
        assert.strictEqual(screen.text, "")
      })
  )

  it.effect("a title that is wider than the terminal is shown whole", () =>
    Effect.gen(function*() {
      const title = `111122223333 A name of an account with many words ${"PowerUserAccess".repeat(4)}`
      const { screen } = yield* open({ titles: ["x", title], columns: 30, many: true })
      const [, from = ""] = /\[ \] x\n([^]*)\nUp/.exec(screen.text) ?? []
      assert.strictEqual(from.replace(/\s+/g, ""), `[ ]${title}`.replace(/\s+/g, ""))
      for (const row of screen.visible) assert.isBelow(row.length, 30)
    }))

  it.effect("a window that changes its size gets the list anew", () =>
    Effect.gen(function*() {
      const { act, screen } = yield* open({ titles: roles })
      for (const size of [{ columns: 30, rows: 10 }, { columns: 120, rows: 40 }, { columns: 40, rows: 12 }]) {
        yield* act(size)
        assert.strictEqual(screen.text.match(/Choose a role:/g)?.length, 1, screen.text)
        assert.isAtMost(screen.text.split("\n").length, size.rows)
      }
    }))

  it.effect("control characters of names reach no terminal, and NO_COLOR and ASCII are kept", () =>
    Effect.gen(function*() {
      const titles = [`a${FakeScreen.escape}[2Jb\r\nc\u202e`, "Müller – é"]
      const { screen, writes } = yield* open({ titles, able: { colours: false, utf8: false } })
      assert.include(screen.text, "> a [2Jb c")
      assert.include(screen.text, "  Muller - e")
      const written = writes.join("")
      assert.notMatch(written, /\P{ASCII}/u)
      assert.strictEqual(FakeScreen.withoutColours(written), written)
    }))

  it.effect("Ctrl-C removes the list, and ends the command with 130", () =>
    Effect.gen(function*() {
      const { exit, quit, screen } = yield* open({ titles: roles })
      quit()
      const ended = yield* exit
      assert.isTrue(Exit.isFailure(ended))
      const error = yield* Effect.flip(ended)
      assert.strictEqual(error._tag === "Exited" ? error.code : error.message, 130)
      assert.strictEqual(screen.text, "")
    }))

  it.effect("an empty list gives nothing at once, and without a terminal the sentence says what to do", () =>
    Effect.gen(function*() {
      const empty = yield* open({ titles: [] })
      assert.deepStrictEqual(yield* empty.chosen, [])
      const error = yield* Picker.choose({ message: "m", choices: [], many: false, instead: "Give --role." }).pipe(
        Effect.provideService(Host.Host, hostOf(undefined)),
        Effect.provide(NodeServices.layer),
        Effect.flip
      )
      assert.strictEqual(error._tag, "UsageError")
      assert.match(error._tag === "UsageError" ? error.message : "", /and there is none\. Give --role\.$/)
    }))

  const names = ["up", "down", "pageup", "pagedown", "home", "end", "tab", "return", "backspace"] as const
  const chords = ["ctrl-a", "ctrl-u", "ctrl-p", "ctrl-n", "ctrl-k", "ctrl-h"] as const
  const small = (least: number, most: number) => Schema.Int.check(Schema.isBetween({ minimum: least, maximum: most }))

  it.effect.prop(
    "whatever keys are pressed, the pointer is in the list, and only what was there is taken",
    [
      Schema.Array(Schema.String).check(Schema.isMinLength(1), Schema.isMaxLength(8)),
      Schema.Array(Schema.Literals([...names, ...chords, "a", "A", "1", " ", "\x07", "é"])).check(
        Schema.isMaxLength(20)
      ),
      Schema.Tuple([Schema.Boolean, small(1, 60), small(1, 12)])
    ],
    ([titles, keys, [many, columns, rows]]) =>
      Effect.sync(() => {
        const list: List.List = { message: "Choose", titles, many }
        const look = { columns, rows, colours: false, utf8: true }
        let state = List.initial(list)
        for (const key of keys) {
          const ctrl = key.startsWith("ctrl-")
          const name = ctrl ? key.slice(5) : key
          const input = key.length === 1 ? Option.some(key) : Option.none()
          const next = List.press(list, state, { input, key: { name, ctrl, meta: false, shift: false } }, look)
          if (next._tag === "Taken") {
            assert.isAtLeast(next.taken.length, 1)
            if (!many) assert.strictEqual(next.taken.length, 1)
            for (const place of next.taken) assert.isTrue(place in titles)
            continue
          }
          state = next
          assert.isTrue(state.found.length === 0 ? state.at === 0 : state.at in state.found)
          const high = List.render(list, state, look).reduce((sum, row) => sum + Layout.height(row, columns), 0)
          if (columns >= 10 && rows >= 2) assert.isAtMost(high, rows)
        }
      })
  )
})

describe("other prompts", () => {
  it.effect("a prompt of Effect is asked on the same terminal, and Ctrl-C ends the command with 130", () =>
    Effect.gen(function*() {
      const fake = FakeScreen.make({ columns: 80, rows: 24 })
      const ask = Picker.ask(Prompt.String({ message: "Region", validate: Effect.succeed })).pipe(
        Effect.provideService(Host.Host, hostOf({ ...fake, terminal: { ...fake.terminal, write: () => {} } })),
        Effect.provide(NodeServices.layer)
      )
      for (const character of "eu") fake.press(character)
      fake.press("return")
      assert.strictEqual(yield* ask, "eu")
      fake.quit()
      assert.strictEqual((yield* Effect.flip(ask))._tag, "Exited")
    }))
})
