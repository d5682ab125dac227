/** The number of the user, and of the group, who owns nothing. */
export const NOBODY = 65_534

/** Gives up what root may: everything. Another user stays who they are. */
export function becomeNobody(): void {
  if (process.getuid?.() !== 0) return
  process.setgroups?.([])
  process.setgid?.(NOBODY)
  process.setuid?.(NOBODY)
}
