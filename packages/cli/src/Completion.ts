/**
 * The script that completes this command in a shell: that of `effect/cli`, which for bash completes nothing of the program after `--`.
 */
import * as Completions from "effect/cli/Completions"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

const registered = "complete -F _sso_oidc sso-oidc"

/** The words after `--` are those of another program, which bash completes with the names of files. */
const bash = `_sso_oidc_before_program()
{
  local _at
  for ((_at = 1; _at < COMP_CWORD; _at++)); do
    [[ "\${COMP_WORDS[_at]}" == "--" ]] && { COMPREPLY=(); return; }
  done
  _sso_oidc "$@"
}
complete -o bashdefault -o default -F _sso_oidc_before_program sso-oidc`

/** The flag `--completions`. */
export const flag: typeof GlobalFlag.Completions = GlobalFlag.Action({
  flag: GlobalFlag.Completions.flag,
  run: Effect.fnUntraced(function*(shell, { command }) {
    if (Option.isNone(shell)) return
    const script = Completions.generate(command.name, shell.value, Completions.fromCommand(command))
    yield* Console.log(shell.value === "bash" ? script.replace(registered, () => bash) : script)
  })
})
