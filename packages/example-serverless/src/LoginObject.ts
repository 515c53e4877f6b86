/**
 * A store of one's own: a Durable Object of Cloudflare for each login.
 *
 * An object runs one call at a time, and its storage is consistent. So a comparison and the write after it are one change, if nothing waits
 * between them.
 */
import * as LoginStore from "@sso-oidc/durable/LoginStore"
import { DurableObject, type Namespace } from "cloudflare:workers"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** The platform refuses alarms that are too far away. */
const longest = 30 * 24 * 3_600_000

const alarmOf = ({ removeAt }: LoginStore.Row): number => Math.min(removeAt, Date.now() + longest)

/** The row of one login. */
export class LoginObject extends DurableObject {
  read(): LoginStore.Row | undefined {
    // only this class writes here
    const row = this.ctx.storage.kv.get("row") as LoginStore.Row | undefined
    return row !== undefined && row.removeAt > Date.now() ? row : undefined
  }

  insert(row: LoginStore.Row): Promise<boolean> {
    return this.#write(row, (stored) => stored === undefined)
  }

  replace(version: string, row: LoginStore.Row): Promise<boolean> {
    return this.#write(row, (stored) => stored?.version === version)
  }

  end(version: string, outcome: LoginStore.Outcome): Promise<boolean> {
    return this.#write(
      outcome,
      (stored) =>
        stored?.attempt === outcome.attempt &&
        (stored.state === "pending"
          ? stored.version === version
          : stored.state === "lost" && outcome.state === "approved")
    )
  }

  /** The row removes itself, so `sweep` finds nothing. A later row may have come since the alarm was due. */
  async alarm(): Promise<void> {
    const row = this.read()
    await (row === undefined ? this.ctx.storage.deleteAll() : this.ctx.storage.setAlarm(alarmOf(row)))
  }

  async #write(row: LoginStore.Row, may: (stored: LoginStore.Row | undefined) => boolean): Promise<boolean> {
    if (!may(this.read())) return false
    // the platform stores both or neither
    this.ctx.storage.kv.put("row", row)
    await this.ctx.storage.setAlarm(alarmOf(row))
    return true
  }
}

const call = <A>(operation: LoginStore.LoginStoreError["operation"], run: () => Promise<A>) =>
  Effect.tryPromise({
    try: run,
    catch: () =>
      new LoginStore.LoginStoreError({
        store: "Durable Object",
        operation,
        reason: "unavailable",
        detail: "the object of the login did not respond"
      })
  })

/** The store over a binding of the class. It is for `Step` alone: an engine would need a list of the logins too. */
export const layer = (logins: Namespace<LoginObject>): Layer.Layer<LoginStore.LoginStore> =>
  Layer.succeed(
    LoginStore.LoginStore,
    LoginStore.LoginStore.of({
      name: "Durable Object",
      get: (id) => call("get", () => logins.getByName(id).read()),
      insert: (id, row) => call("insert", () => logins.getByName(id).insert(row)),
      set: (id, version, row) => call("set", () => logins.getByName(id).replace(version, row)),
      end: (id, version, outcome) => call("end", () => logins.getByName(id).end(version, outcome)),
      pending: () => Effect.succeed([]),
      sweep: () => Effect.succeed([])
    })
  )
