/** The smallest program on Effect. It calls nothing. */
import * as Effect from "effect/Effect"

console.log(await Effect.runPromise(Effect.succeed(700)))
