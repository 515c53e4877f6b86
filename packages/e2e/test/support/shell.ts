/**
 * A shell of another project: without this workspace's programs, settings and caches, and without a network.
 */
import * as Child from "@sso-oidc/test-kit/child"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { mkdirSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"

/** Starts a command line in a folder. */
export type Shell = (line: string, cwd: string) => Effect.Effect<Child.Running, never, Scope.Scope>

/** A shell with an empty home, in which npm uses the registry on loopback and reaches no other host. */
export const make = (registry: string, home: string): Shell => {
  const programs = join(home, "programs")
  mkdirSync(programs)
  symlinkSync(process.execPath, join(programs, "node"))
  const path = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => !folder.includes("node_modules"))
  const environment = Object.entries({
    PATH: [programs, ...path].join(delimiter),
    NO_COLOR: "1",
    HOME: home,
    TMPDIR: tmpdir(),
    // npm itself takes long to load; this holds compiled code alone
    NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"] ?? "",
    npm_config_registry: registry,
    npm_config_cache: join(home, "cache"),
    npm_config_userconfig: join(home, "npmrc"),
    npm_config_globalconfig: join(home, "npmrc-of-all"),
    npm_config_noproxy: "127.0.0.1",
    // nothing listens there
    npm_config_proxy: "http://127.0.0.1:1",
    npm_config_https_proxy: "http://127.0.0.1:1",
    npm_config_fetch_retries: "0",
    npm_config_audit: "false",
    npm_config_fund: "false",
    npm_config_update_notifier: "false"
  }).map(([name, value]) => `${name}=${value}`)
  return (line, cwd) => Child.run("env", { args: ["-i", ...environment, "sh", "-c", line], cwd, input: "" })
}
