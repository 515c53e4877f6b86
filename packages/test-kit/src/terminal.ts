/**
 * The program `script` of util-linux, which runs another program in a terminal of its own.
 */
import * as Tools from "./tools.ts"

/** Other programs of that name have other flags. */
export const script: Tools.Tool = Tools.tool({
  name: "the script of util-linux",
  install: "Install util-linux.",
  find: () => Tools.find("script", ["--version"], /util-linux (\d+\.\S+)/)
})
