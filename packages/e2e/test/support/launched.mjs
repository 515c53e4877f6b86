/**
 * A program that tells how it was started, for the tests of the launcher. Its first argument says how it ends.
 */
const [how, ...args] = process.argv.slice(2)
let interrupts = 0

const tell = () => {
  const { argv: [, program], execArgv, execPath, version } = process
  console.log(JSON.stringify({ args, program, execArgv, execPath, version }))
}

if (how === "read") {
  for await (const chunk of process.stdin) process.stdout.write(chunk)
  tell()
} else if (how === "throw") {
  throw new Error("thrown")
} else if (how === "exit") {
  tell()
  process.exitCode = 7
} else if (how === "wait") {
  // without a listener for SIGTERM, which ends it
  process.on("SIGINT", () => {
    interrupts += 1
    setTimeout(() => {
      console.log(`interrupted: ${interrupts}`)
      process.exit(130)
    }, 300)
  })
  setTimeout(() => {}, 20_000)
  console.log("waits")
}
