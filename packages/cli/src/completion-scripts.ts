/** The shells that can be taught to complete command lines. */
export type Shell = keyof typeof COMPLETION_SCRIPTS

/*
 * Each script asks `strongroom complete -- word…` and gets lines `word TAB purpose`, then one line that
 * says what else fits: `:files`, `:folders` or `:words`. The words reach us as arguments; none of what was
 * typed is evaluated by the shell again.
 */

const BASH = `# bash completion for strongroom
_strongroom() {
  local line found=()
  while IFS= read -r line; do
    [[ $line == :* ]] || found+=("\${line%%$'\\t'*}")
  done < <(strongroom complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  COMPREPLY=(\${found[@]+"\${found[@]}"})
}
complete -o default -F _strongroom strongroom
`

const ZSH = `#compdef strongroom
# zsh completion for strongroom
_strongroom() {
  local line mode word
  local -a found
  while IFS= read -r line; do
    if [[ $line == :* ]]; then
      mode=\${line#:}
    else
      word=\${line%%$'\\t'*}
      found+=("\${word//:/\\\\:}:\${line#*$'\\t'}")
    fi
  done < <(strongroom complete -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)
  (( \${#found} )) && _describe strongroom found
  [[ $mode == files ]] && _files
  [[ $mode == folders ]] && _files -/
}
if [[ $funcstack[1] == _strongroom ]]; then
  _strongroom "$@"
else
  compdef _strongroom strongroom
fi
`

const FISH = `# fish completion for strongroom
function __strongroom_complete
  set -l words (commandline -opc) (commandline -ct)
  for line in (strongroom complete -- $words[2..-1] 2>/dev/null)
    switch $line
      case ':files'
        __fish_complete_path (commandline -ct)
      case ':folders'
        __fish_complete_directories (commandline -ct)
      case ':*'
      case '*'
        echo $line
    end
  end
end
complete -c strongroom -f -a '(__strongroom_complete)'
`

/** What a shell reads to complete command lines of strongroom. */
export const COMPLETION_SCRIPTS = { bash: BASH, zsh: ZSH, fish: FISH } as const
