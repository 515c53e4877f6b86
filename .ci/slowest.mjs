/**
 * A reporter of Vitest that prints, at the end of a run, the ten slowest test files and the tests that were skipped.
 *
 * A file's time is what it takes from its worker: its imports, its hooks and its tests. Vitest's own list shows the tests alone.
 */
import { relative } from "node:path"

const shown = 10

/** The milliseconds of a file, by what it spent them on. A file that cannot be loaded has a time too. */
const timesOf = (file) => {
  const { collectDuration, duration, environmentSetupDuration, prepareDuration, setupDuration } = file.diagnostic()
  const load = environmentSetupDuration + prepareDuration + setupDuration + collectDuration
  return { name: relative(process.cwd(), file.moduleId), load, tests: duration, whole: load + duration }
}

/** The names of the skipped tests of a file. */
const skippedIn = (file) =>
  [...file.children.allTests("skipped")].filter(({ options }) => options.mode === "skip").map(({ fullName }) =>
    `${relative(process.cwd(), file.moduleId)} > ${fullName}`
  )

const seconds = (milliseconds) => `${(milliseconds / 1000).toFixed(1)} s`.padStart(8)

export default class Slowest {
  onInit(vitest) {
    this.vitest = vitest
  }

  onTestRunEnd(files) {
    // with `-t` each test of another name is skipped
    const skipped = this.vitest.config.testNamePattern === undefined ? files.flatMap(skippedIn) : []
    // a title names the program that this machine lacks
    if (skipped.length > 0) console.log(`\nSkipped: ${skipped.length}\n\n${skipped.map((name) => `  ${name}\n`).join("")}`)
    const times = files.map(timesOf).sort((one, other) => other.whole - one.whole)
    // a run of a few files has their times in its own list
    if (times.length <= shown) return
    console.log(`\nThe ${shown} slowest of ${times.length} test files (the whole = imports + tests):\n`)
    for (const { load, name, tests, whole } of times.slice(0, shown)) {
      console.log(`${seconds(whole)} =${seconds(load)} +${seconds(tests)}  ${name}`)
    }
    console.log("")
  }
}
