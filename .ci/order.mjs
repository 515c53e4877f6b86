/**
 * The order of the test files: first those that take longest, which start other programs or run the contract of a transport.
 *
 * A long file that begins late keeps one worker busy while the others have nothing left to do. Vitest orders the files by the times
 * of an earlier run, and a clean checkout has no such times.
 */
import { readFileSync } from "node:fs"
import { BaseSequencer } from "vitest/node"

const longest = [
  /"node:child_process"/,
  /"@sso-oidc\/test-kit\/(?:browser|child|packed|postgres|program|redis|sessions\/\w+)"/,
  // the same modules, in the kit's own tests
  /"\.\.\/src\/(?:child|postgres|redis|server)\.ts"/,
  // helpers that start programs
  /"\.\.?\/support\/(?:otherTools|sessionSwap)\.ts"/,
  /"\.\/support\/brokenTransports\.ts"|"@sso-oidc\/testing\/contract\/TransportContract"/
]

export default class Order extends BaseSequencer {
  async sort(files) {
    // project by project, each with its longest or largest file first
    const sorted = await super.sort(files)
    const projects = [...new Set(sorted.map(({ project }) => project))]
    const rank = ({ moduleId, project }) => {
      const text = readFileSync(moduleId, "utf8")
      return 2 * projects.indexOf(project) + (longest.some((pattern) => pattern.test(text)) ? 0 : 1)
    }
    const ranked = sorted.map((file) => [rank(file), file])
    return ranked.sort(([one], [other]) => one - other).map(([, file]) => file)
  }
}
