// What a journey is: a story with real processes, told once, that fails with a sentence.

export interface Context {
  folder: string; // its own, empty at the start, kept afterwards
  root: string; // the repository
}

export interface Journey {
  title: string;
  seconds: number; // at most
  alone?: boolean; // what it measures would suffer from another one beside it
  run(context: Context): Promise<void>;
}

/** Thrown where the machine lacks what the journey needs, with the name of what is missing. */
export class Skipped extends Error {}
