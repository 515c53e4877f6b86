/**
 * A real browser from the package registry: Chromium from `@sparticuz/chromium`, controlled by playwright-core.
 *
 * It is unpacked once into this workspace's cache. A file of that name in the machine's temporary folder could be incomplete,
 * or belong to another user. Set `CHROMIUM` to use another executable.
 */
import Packed from "@sparticuz/chromium"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { type Browser, chromium } from "playwright-core"
import type { Tool } from "./tools.ts"

const cache = join(import.meta.dirname, "../../../node_modules/.cache/chromium")

const version = (): string => {
  const entry = fileURLToPath(import.meta.resolve("@sparticuz/chromium"))
  return String(JSON.parse(readFileSync(join(dirname(entry), "../package.json"), "utf8")).version)
}

/** Runs with these environment variables, and restores them after it. */
const having = async <A>(variables: Record<string, string>, run: () => Promise<A>): Promise<A> => {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const)
  Object.assign(process.env, variables)
  try {
    return await run()
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  }
}

/** The folder with the browser, its libraries and its fonts. It is complete or absent, even if several processes unpack it. */
const unpacked = async (): Promise<string> => {
  const folder = join(cache, version())
  if (existsSync(folder)) return folder
  mkdirSync(cache, { recursive: true })
  const fresh = mkdtempSync(join(cache, "unpacking-"))
  try {
    // The package unpacks into the first, and unpacks its libraries only if it finds the second
    await having({ TMPDIR: fresh, AWS_LAMBDA_JS_RUNTIME: "nodejs24.x" }, () => Packed.executablePath())
    renameSync(fresh, folder)
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true })
    // Another process may have unpacked it first
    if (!existsSync(folder)) throw error
  }
  return folder
}

/** The machine's fonts and those of the package, because a machine may have none. */
const fonts = (folder: string): string => {
  const file = join(folder, "fonts.conf")
  writeFileSync(
    file,
    `<?xml version="1.0"?>
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir>${join(folder, "fonts")}</dir>
  <cachedir>${join(folder, "fonts-cache")}</cachedir>
</fontconfig>
`
  )
  return file
}

/** Launches the browser. */
export const launch = async (): Promise<Browser> => {
  const own = process.env["CHROMIUM"]
  if (own !== undefined && own !== "") return chromium.launch({ executablePath: own })
  const folder = await unpacked()
  const libraries = [join(folder, "al2023/lib"), process.env["LD_LIBRARY_PATH"]].filter((path) => path !== undefined)
  return chromium.launch({
    executablePath: join(folder, "chromium"),
    // With this limit, Chromium starts no spare process for the next page. Pages of different sites still have their own
    args: ["--no-zygote", "--renderer-process-limit=1", "--disable-gpu", "--font-render-hinting=none"],
    env: { ...process.env, LD_LIBRARY_PATH: libraries.join(":"), FONTCONFIG_FILE: fonts(folder) }
  })
}

/** The browser, and the program that tests need. It is missing if the browser cannot start. */
export const launchOrMiss = async (): Promise<{ readonly browser: Browser | undefined; readonly tool: Tool }> => {
  const name = "Chromium"
  try {
    const browser = await launch()
    const found = { path: "", version: browser.version() }
    return { browser, tool: { name, install: "", found, title: `${name} ${found.version}` } }
  } catch (error) {
    const install = `Set CHROMIUM to the path of a Chromium that starts. ${String(error)}`
    return { browser: undefined, tool: { name, install, found: undefined, title: `${name} (missing)` } }
  }
}
