import { assert, describe, it } from "@effect/vitest"
import * as CreateToken from "@sso-oidc/core/CreateToken"
import * as RegisterClient from "@sso-oidc/core/RegisterClient"
import * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import * as GetRoleCredentials from "@sso-oidc/portal/GetRoleCredentials"
import * as ListAccountRoles from "@sso-oidc/portal/ListAccountRoles"
import * as ListAccounts from "@sso-oidc/portal/ListAccounts"
import * as Logout from "@sso-oidc/portal/Logout"
import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { row } from "../support/differential-difference.ts"
import { sections } from "../support/differential-differences.ts"

const docs = readFileSync(join(import.meta.dirname, "../../../../docs/wire.md"), "utf8")

const tests = globSync("*.test.ts", { cwd: import.meta.dirname })
  .map((path) => readFileSync(join(import.meta.dirname, path), "utf8"))

/** The rows of the table below a heading. */
const rowsBelow = (heading: string): ReadonlyArray<string> => {
  const [, below = ""] = docs.split(`\n### ${heading}\n`)
  return (below.split("\n#")[0] ?? "").split("\n").filter((line) => line.startsWith("|")).slice(2)
}

describe("docs/wire.md", () => {
  it.each(Object.values(sections))(
    "$heading: the table has the list of differences, word for word",
    ({ heading, list }) => {
      assert.deepStrictEqual(rowsBelow(heading), Object.values(list).map(row))
    }
  )

  it("every difference has one test with its title, and no two titles are equal", () => {
    for (const [name, { list }] of Object.entries(sections)) {
      const source = tests.filter((text) => text.includes(`import { ${name} as differences }`))
      assert.strictEqual(source.length, 1, name)
      for (const key of Object.keys(list)) {
        assert.strictEqual(source[0]?.split(`it.effect(differences.${key}.test,`).length, 2, `${name}: ${key}`)
      }
    }
    const titles = Object.values(sections).flatMap(({ list }) => Object.values(list).map(({ test }) => test))
    assert.strictEqual(new Set(titles).size, titles.length)
    for (const title of titles) assert.include(docs, title)
  })

  it.each([
    RegisterClient.operation,
    StartDeviceAuthorization.operation,
    CreateToken.operation,
    GetRoleCredentials.operation,
    ListAccounts.operation,
    ListAccountRoles.operation,
    Logout.operation
  ])(
    "$name: the document has its method, path, exceptions and members",
    ({ exceptions, method, name, path }) => {
      const [, below = ""] = docs.split(`\n### ${name}\n`)
      const text = below.split("\n#")[0] ?? ""
      assert.include(text, `\`${method} ${path}\``)
      const [, listed = ""] = /^Exceptions: ([^]*?)\.$/m.exec(text) ?? []
      assert.deepStrictEqual(
        [...listed.matchAll(/`(\w+)`/g)].map(([, type]) => type),
        exceptions.map(({ type }) => type)
      )
    }
  )

  it.each(
    [
      ["RegisterClient", [RegisterClient.Request], RegisterClient.Response],
      ["StartDeviceAuthorization", [StartDeviceAuthorization.Request], StartDeviceAuthorization.Response],
      ["CreateToken", CreateToken.Request.members, CreateToken.Response],
      ["GetRoleCredentials", [GetRoleCredentials.Request, GetRoleCredentials.Credentials], GetRoleCredentials.Response],
      ["ListAccounts", [ListAccounts.Request, ListAccounts.AccountInfo], ListAccounts.Response],
      ["ListAccountRoles", [ListAccountRoles.Request, ListAccountRoles.RoleInfo], ListAccountRoles.Response],
      ["Logout", [Logout.Request], Logout.Request]
    ] as const
  )("%s: the document has every member of its requests and responses", (name, requests, response) => {
    const [, below = ""] = docs.split(`\n### ${name}\n`)
    const text = below.split("\n#")[0] ?? ""
    for (const schema of [...requests, response]) {
      for (const member of Object.keys(schema.fields)) assert.include(text, `\`${member}\``)
    }
  })
})
