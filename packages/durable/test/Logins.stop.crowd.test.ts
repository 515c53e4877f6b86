import { assert, describe, it } from "@effect/vitest"
import * as Logins from "@sso-oidc/durable/Logins"
import * as Service from "@sso-oidc/test-kit/scriptedService"
import * as Effect from "effect/Effect"
import * as Semaphore from "effect/Semaphore"
import { options, row } from "./support/login.ts"
import { engines, seconds } from "./support/logins.ts"
import * as Processes from "./support/processes.ts"

describe.each(Object.entries(engines))("stopping a process with many logins on %s", (_, engine) => {
  it.effect("each login is released, also if the database needs longer for all of them than a call may take (W7)", () => {
    const service = Service.make({ polls: [Service.pending] })
    let isSlow = false
    return Effect.gen(function*() {
      const connection = yield* Semaphore.make(1)
      const one = yield* Processes.make({
        service,
        engine,
        store: (store) => ({
          ...store,
          set: (id, version, row) =>
            isSlow
              ? connection.withPermit(Effect.delay(store.set(id, version, row), "1 second"))
              : store.set(id, version, row)
        })
      })
      const ids = Array.from({ length: 30 }, (_, at) => `login-${at}`)
      for (const id of ids) {
        yield* one.run(Effect.flatMap(Logins.Logins, (logins) => logins.start({ ...options, id })))
      }
      yield* seconds(8)
      isSlow = true
      yield* one.stop
      yield* seconds(40)
      const held = yield* Effect.filter(ids, (id) => Effect.map(row(id), ({ holder }) => holder !== undefined))
      assert.deepStrictEqual(held, [])
    }).pipe(Processes.sharing)
  })
})
