import { assert, describe, it } from "@effect/vitest"
import * as Redis from "@sso-oidc/core/database/Redis"
import { leakIn, textsOf } from "@sso-oidc/test-kit/leaks"
import { RedisError } from "effect/persistence/Redis"

const secret = "planted-argument-0123456789"

describe("Redis.troubleOf", () => {
  it("keeps a known code of a client's error, and nothing else of it", () => {
    for (
      const [cause, code, reason] of [
        [new Error(`READONLY You can't write: ${secret}`), "READONLY", "unavailable"],
        [new Error(`ERR Error running script: @user_script:1: WRONGTYPE ${secret}`), "WRONGTYPE", "unreadable"],
        [new Error(`OOM command not allowed: ${secret}`), "OOM", "unavailable"],
        [`NOAUTH ${secret}`, "NOAUTH", "unavailable"],
        [Object.assign(new Error(secret), { code: "ECONNREFUSED" }), "ECONNREFUSED", "unavailable"],
        [Object.assign(new Error(secret), { code: secret }), undefined, "unavailable"],
        [new Error(`ERR unknown command, with args beginning with: ${secret}`), undefined, "unavailable"],
        [new Error(`${" ".repeat(200)}OOM`), undefined, "unavailable"],
        [{ [secret]: secret }, undefined, "unavailable"],
        [undefined, undefined, "unavailable"]
      ] as const
    ) {
      const trouble = Redis.troubleOf(new RedisError({ cause }))
      assert.deepStrictEqual([trouble.code, trouble.reason], [code, reason])
      assert.notStrictEqual(trouble.detail, "")
      for (const text of textsOf(trouble)) assert.isUndefined(leakIn(text, secret))
    }
  })
})
