/** The backup authority. Its service comes with the next release; the name and its place are fixed now. */
export {}
