#!/usr/bin/env node
/**
 * The command `sso-oidc`. It checks the version of Node before it loads anything else.
 */
const least = [22, 19] as const

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)

if (major < least[0] || (major === least[0] && minor < least[1])) {
  process.stderr.write(
    `sso-oidc needs Node ${
      least.join(".")
    } or newer, and this is Node ${process.versions.node}. Install a newer one: https://nodejs.org\n`
  )
  process.exitCode = 2
} else {
  // until the command listens to them itself, a signal ends it with the exit code that it has later
  // Windows knows three of them
  const release = ([
    ["SIGHUP", 129],
    ["SIGINT", 130],
    ["SIGQUIT", 131],
    ["SIGUSR1", 138],
    ["SIGUSR2", 140],
    ["SIGTERM", 143]
  ] as const).filter(([signal]) => process.platform !== "win32" || /HUP|INT|TERM/.test(signal)).map(
    ([signal, code]) => {
      const end = () => process.exit(code)
      process.on(signal, end)
      return () => process.off(signal, end)
    }
  )
  const { main } = await import("./Main.ts")
  main(process.argv.slice(2))
  for (const end of release) end()
}
