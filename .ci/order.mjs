/**
 * The order of the test files: first those that start other programs, which take longest, and then those that run the contract of
 * a transport. These are small and long, and they have limits of a few seconds, so they do not run beside the many programs. The files
 * that mostly wait keep the order of their list.
 *
 * A long file that begins late keeps one worker busy while the others have nothing left to do. Vitest orders the files by the times
 * of an earlier run, and a clean checkout has no such times.
 */
import { readFileSync } from "node:fs"
import { relative } from "node:path"
import { BaseSequencer } from "vitest/node"

const startsPrograms = [
  /"node:child_process"/,
  /"@sso-oidc\/test-kit\/(?:browser|child|packed|postgres|program|redis|sessions\/\w+)"/,
  // the same modules, in the kit's own tests
  /"\.\.\/src\/(?:child|postgres|redis|server)\.ts"/,
  // helpers that start programs
  /"\.\.?\/support\/(?:otherTools|sessionSwap|workerd)\.ts"/
]

const runsContract = /"\.\/support\/brokenTransports\.ts"|"@sso-oidc\/testing\/contract\/TransportContract"/

const groupOf = (text) => startsPrograms.some((pattern) => pattern.test(text)) ? 0 : runsContract.test(text) ? 1 : 2

export default class Order extends BaseSequencer {
  async sort(files) {
    // project by project, each with its longest or largest file first
    const sorted = await super.sort(files)
    const projects = [...new Set(sorted.map(({ project }) => project))]
    const first = ({ moduleId, project: { config, name } }) =>
      name === "waiting" ? config.include.indexOf(relative(config.root, moduleId)) : 1000 * groupOf(readFileSync(moduleId, "utf8"))
    const rank = (file) => 10_000 * projects.indexOf(file.project) + first(file)
    const ranked = sorted.map((file) => [rank(file), file])
    return ranked.sort(([one], [other]) => one - other).map(([, file]) => file)
  }
}
