/**
 * Runs the TypeScript compiler of this workspace on a project whose output is not kept.
 *
 * The compiler checks with several threads by default, and each of them computes the types of Effect again. One thread takes
 * less of the processor, whose other core has other tests to run.
 */
import * as Effect from "effect/Effect"
import { join } from "node:path"
import { type Ended, run } from "./child.ts"
import { root } from "./packed.ts"

/** Compiles a project, given as a `tsconfig.json` or its folder, and gives how the compiler ended and what it said. */
export const tsc = (project: string): Effect.Effect<Ended> =>
  Effect.scoped(Effect.flatMap(
    run(process.execPath, {
      args: [join(root, "node_modules/typescript/bin/tsc"), "--singleThreaded", "-p", project],
      // the compiler is a program in Go: it collects its garbage when its memory has grown to five times what is in use
      env: { GOGC: "400" },
      input: ""
    }),
    ({ ended }) => ended
  ))

/** Compiles a project. It fails with what the compiler said, if the project has an error. */
export const compile = (project: string): Effect.Effect<void, Error> =>
  Effect.flatMap(
    tsc(project),
    ({ code, stderr, stdout }) =>
      code === 0 ? Effect.void : Effect.fail(new Error(`tsc -p ${project} failed:\n${stdout}${stderr}`))
  )
