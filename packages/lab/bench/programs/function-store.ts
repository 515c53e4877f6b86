/** A store of logins over the SQLite of Node, as a program writes one for a database of its own. */
import * as LoginStore from "@sso-oidc/durable/LoginStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { DatabaseSync } from "node:sqlite"

const make = (file: string): LoginStore.Service => {
  const database = new DatabaseSync(file)
  database.exec(
    "CREATE TABLE IF NOT EXISTS logins (id TEXT PRIMARY KEY, version TEXT, attempt TEXT, state TEXT, row TEXT)"
  )
  const found = database.prepare("SELECT row FROM logins WHERE id = ?")
  const inserted = database.prepare("INSERT INTO logins VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
  const replaced = database.prepare(
    "UPDATE logins SET version = ?, attempt = ?, state = ?, row = ? WHERE id = ? AND version = ?"
  )
  const ended = database.prepare(
    `UPDATE logins SET version = ?, attempt = ?, state = ?, row = ? WHERE id = ? AND attempt = ?
      AND ((state = 'pending' AND version = ?) OR (state = 'lost' AND ? = 'approved'))`
  )
  return {
    name: "node:sqlite",
    get: (id) =>
      Effect.sync(() => {
        const text = found.get(id)?.["row"]
        return text === undefined ? undefined : JSON.parse(String(text))
      }),
    insert: (id, row) =>
      Effect.sync(() => inserted.run(id, row.version, row.attempt, row.state, JSON.stringify(row)).changes === 1),
    set: (id, version, row) =>
      Effect.sync(() =>
        replaced.run(row.version, row.attempt, row.state, JSON.stringify(row), id, version).changes === 1
      ),
    end: (id, version, row) =>
      Effect.sync(() =>
        ended.run(row.version, row.attempt, row.state, JSON.stringify(row), id, row.attempt, version, row.state)
          .changes === 1
      ),
    pending: () => Effect.succeed([]),
    sweep: () => Effect.succeed([])
  }
}

export const layer = (file: string): Layer.Layer<LoginStore.LoginStore> =>
  Layer.sync(LoginStore.LoginStore, () => make(file))
