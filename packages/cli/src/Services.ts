/**
 * What `effect/cli` needs of its platform. The terminal and the child processes are loaded when they are first used. Most commands never use
 * them.
 */
import * as NodeFileSystem from "@effect/platform-node-shared/NodeFileSystem"
import * as NodePath from "@effect/platform-node-shared/NodePath"
import * as NodeStdio from "@effect/platform-node-shared/NodeStdio"
import type { Environment } from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ChildProcessSpawner from "effect/process/ChildProcessSpawner"
import * as Terminal from "effect/Terminal"

const terminal = Effect.flatMap(
  Effect.promise(() => import("@effect/platform-node-shared/NodeTerminal")),
  ({ make }) => make()
)

const spawner = Effect.flatMap(
  Effect.promise(() => import("@effect/platform-node-shared/NodeChildProcessSpawner")),
  ({ layer }) => Effect.provide(Effect.service(ChildProcessSpawner.ChildProcessSpawner), layer)
)

/** The terminal of this process, loaded when it is first used. */
const lazyTerminal = Terminal.make({
  columns: Effect.scoped(Effect.flatMap(terminal, ({ columns }) => columns)),
  rows: Effect.scoped(Effect.flatMap(terminal, ({ rows }) => rows)),
  size: Effect.flatMap(terminal, ({ size }) => size),
  readInput: Effect.flatMap(terminal, ({ readInput }) => readInput),
  readLine: Effect.scoped(Effect.flatMap(terminal, ({ readLine }) => readLine)),
  display: (text) => Effect.scoped(Effect.flatMap(terminal, ({ display }) => display(text)))
})

const files = Layer.mergeAll(NodeFileSystem.layer, NodePath.layer)

/** The platform of the command. */
export const layer: Layer.Layer<Environment> = Layer.mergeAll(
  files,
  NodeStdio.layer,
  Layer.succeed(Terminal.Terminal, lazyTerminal),
  Layer.effect(
    ChildProcessSpawner.ChildProcessSpawner,
    Effect.map(
      Effect.context<Layer.Success<typeof files>>(),
      (context) =>
        ChildProcessSpawner.make((command) =>
          Effect.flatMap(spawner, (loaded) => loaded.spawn(command)).pipe(Effect.provide(context))
        )
    )
  ).pipe(Layer.provide(files))
)
