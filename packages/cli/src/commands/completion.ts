import { defineCommand } from '../command.ts'
import { COMPLETION_SCRIPTS, type Shell } from '../completion-scripts.ts'
import { usage } from '../cli-error.ts'

const SHELLS = Object.keys(COMPLETION_SCRIPTS)

/** `strongroom completion SHELL`: the script that teaches a shell our command lines. */
export const completion = defineCommand({
  operands: [{ name: '<shell>', description: 'bash, zsh or fish', choices: SHELLS }],
  options: {},
  examples: [
    { line: 'source <(strongroom completion bash)', purpose: 'for this shell; into ~/.bashrc for all' },
    { line: 'strongroom completion zsh > ~/.zfunc/_strongroom', purpose: 'into a folder of your fpath' },
    { line: 'strongroom completion fish > ~/.config/fish/completions/strongroom.fish', purpose: 'for fish' },
  ],
  run: async ({ terminal }, [shell = '']) => {
    if (!isShell(shell)) throw usage(`there is no completion for ${shell}`, `one of ${SHELLS.join(', ')}`)
    terminal.raw(COMPLETION_SCRIPTS[shell])
  },
})

function isShell(name: string): name is Shell {
  return Object.hasOwn(COMPLETION_SCRIPTS, name)
}
