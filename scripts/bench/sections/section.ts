/** What every section of the benchmark is: a function that runs in the browser and answers rows. */
import type { Measurements } from '../rows';

export interface SectionOptions {
	isQuick: boolean;
	/** A line for the person who waits. */
	say: (line: string) => void;
}

export type Section = (o: SectionOptions) => Promise<Measurements>;
