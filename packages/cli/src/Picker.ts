/**
 * Asks a person at the terminal: a list that is searched while they type, and other prompts. All of it is drawn on standard error.
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Layout from "@sso-oidc/terminal/Layout"
import type * as Terminal from "@sso-oidc/terminal/Terminal"
import * as Prompt from "effect/cli/Prompt"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import type * as Path from "effect/Path"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as EffectTerminal from "effect/Terminal"
import * as Ended from "./Ended.ts"
import * as Host from "./Host.ts"
import * as List from "./PickerList.ts"

/** What can be chosen. */
export interface Choice<A> {
  /** The text that is shown and searched. Its control characters are cleaned. */
  readonly title: string
  /** What it stands for. */
  readonly value: A
}

/** A list to choose from. */
export interface Options<A> {
  /** What is chosen, in a few words. */
  readonly message: string
  /** The choices, in their order. */
  readonly choices: ReadonlyArray<Choice<A>>
  /** Whether several can be chosen. */
  readonly many: boolean
  /** What a person can do without a list, for the error without a terminal, such as "Give --account and --role." */
  readonly instead?: string
}

const noTerminal = (instead: string): Ended.UsageError =>
  new Ended.UsageError({ message: `This needs a terminal that can be drawn on, and there is none. ${instead}` })

const terminalOf = (instead: string): Effect.Effect<Terminal.Terminal, Ended.UsageError, Host.Host> =>
  Host.Host.use(({ isInteractive, terminal }) =>
    isInteractive && terminal !== undefined ? Effect.succeed(terminal) : Effect.fail(noTerminal(instead))
  )

/** The sizes of the terminal, from now on. */
const sizes = (terminal: Terminal.Terminal): Effect.Effect<Queue.Queue<EffectTerminal.Size>, never, Scope.Scope> =>
  Effect.gen(function*() {
    const queue = yield* Queue.sliding<EffectTerminal.Size>(1)
    yield* Effect.acquireRelease(
      Effect.sync(() => terminal.onResize(() => Queue.offerUnsafe(queue, terminal.size()))),
      (release) => Effect.sync(release)
    )
    return queue
  })

/** The terminal as Effect's prompts use it: its keys, and standard error. */
const effectTerminal = (terminal: Terminal.Terminal): EffectTerminal.Terminal =>
  EffectTerminal.make({
    columns: Effect.sync(() => terminal.size().columns),
    rows: Effect.sync(() => terminal.size().rows),
    size: Effect.map(sizes(terminal), (queue) => {
      Queue.offerUnsafe(queue, terminal.size())
      return queue
    }),
    readInput: terminal.keys,
    readLine: Effect.die(new Error("no prompt reads a line")),
    display: (text) => Effect.sync(() => terminal.write(text))
  })

/** Asks with a prompt of Effect, such as `Prompt.String`. Ctrl-C ends the command with 130. */
export const ask = <A>(
  prompt: Prompt.Prompt<A>,
  instead = "Give all of it as flags: see --help."
): Effect.Effect<A, Ended.UsageError | Ended.Exited, Host.Host | FileSystem.FileSystem | Path.Path> =>
  Effect.flatMap(terminalOf(instead), (terminal) =>
    Prompt.run(prompt).pipe(
      Effect.provideService(EffectTerminal.Terminal, effectTerminal(terminal)),
      Effect.provideService(Prompt.Theme, Prompt.makeTheme({ colors: terminal.colours })),
      Effect.tapError(() => Effect.sync(() => terminal.write("\n"))),
      Effect.mapError(() => new Ended.Exited({ code: Ended.codes.interrupted }))
    ))

const clean = (title: string): string => Wire.isPrintable(title) ? title : Wire.printable(title)

/**
 * Lets a person choose from a list: one of it, or with `many` one or more. Typing searches. An empty list gives an empty array at once.
 * Ctrl-C and Escape end the command with 130.
 */
export const choose = <A>(
  { choices, instead = "Give it as a flag: see --help.", many, message }: Options<A>
): Effect.Effect<
  ReadonlyArray<A>,
  Ended.UsageError | Ended.Exited,
  Host.Host | FileSystem.FileSystem | Path.Path
> =>
  Effect.gen(function*() {
    const terminal = yield* terminalOf(instead)
    if (choices.length === 0) return []
    const titles = choices.map(({ title }) => clean(title))
    const resized = yield* sizes(terminal)
    const list: List.List = { message, titles, many }
    // the rows that are on the screen; the cursor is in the last one
    let drawn: ReadonlyArray<string> = []
    const cleared = () => {
      const rows = drawn.reduce((sum, row) => sum + Layout.height(row, terminal.size().columns), 0)
      drawn = []
      return rows === 0 ? "" : `\r${rows > 1 ? `\x1b[${rows - 1}A` : ""}\x1b[J`
    }
    const look = () => ({ ...terminal, ...terminal.size() })
    const prompt = Prompt.Custom(List.initial(list), resized, {
      render: (state: List.State, action: Prompt.Action<List.State, ReadonlyArray<number>>) =>
        Effect.sync(() => {
          if (action._tag === "Submit") return `${List.answer(list, action.value, look()).join("\n")}\n`
          drawn = List.render(list, action._tag === "NextFrame" ? action.state : state, look())
          return drawn.join("\n")
        }),
      process: (input, state) =>
        Effect.sync(() => {
          if (input._tag === "Event") return { _tag: "NextFrame", state }
          const next = List.press(list, state, input.input, look())
          return next._tag === "Taken" ? { _tag: "Submit", value: next.taken } : { _tag: "NextFrame", state: next }
        }),
      clear: () => Effect.sync(cleared)
    })
    const taken = yield* Prompt.run(prompt).pipe(
      Effect.provideService(EffectTerminal.Terminal, effectTerminal(terminal)),
      Effect.onExit(() => Effect.sync(() => terminal.write(cleared()))),
      Effect.mapError(() => new Ended.Exited({ code: Ended.codes.interrupted }))
    )
    return taken.flatMap((at) => choices.slice(at, at + 1).map(({ value }) => value))
  }).pipe(Effect.scoped)
