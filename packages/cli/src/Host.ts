/**
 * What the command sees of its process: the terminal, the environment and the signals. A test gives it another one.
 */
import type * as Layout from "@sso-oidc/terminal/Layout"
import * as Terminal from "@sso-oidc/terminal/Terminal"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Signals from "./Signals.ts"

/** What a process gives. */
export interface Service {
  /** Whether a person reads standard error and types on standard input. */
  readonly isInteractive: boolean
  /** Whether one of the three standard streams is a terminal, whose keys send signals to all its processes. */
  readonly hasTerminal: boolean
  /** What standard output can show. */
  readonly output: () => Layout.Look
  /** What standard error can show. */
  readonly messages: () => Layout.Look
  /** The terminal that standard error is. `undefined` if its lines cannot be rewritten. */
  readonly terminal: Terminal.Terminal | undefined
  /** Writes a line to standard error. */
  readonly write: (line: string) => void
  /** The variables that a child inherits. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Gives each signal to the listener instead of this command, until the scope closes. */
  readonly takeSignals: (listener: (signal: Signals.Signal) => void) => Effect.Effect<void, never, Scope.Scope>
}

/** The process as a service. */
export class Host extends Context.Service<Host, Service>()("@sso-oidc/cli/Host") {}

/** This process. */
export const layer: Layer.Layer<Host> = Layer.sync(Host, () => ({
  isInteractive: Terminal.isInteractive(process.stderr),
  hasTerminal: [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY),
  output: () => Terminal.look(process.stdout),
  messages: () => Terminal.look(process.stderr),
  terminal: Terminal.current(process.stderr),
  write: (line) => {
    process.stderr.write(`${line}\n`)
  },
  environment: process.env,
  takeSignals: Signals.take
}))
