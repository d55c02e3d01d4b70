import type { Study } from '../core/records';
import type { StudioDb } from '../storage/db';

/** What every state class that stores something works on: the open database and the study on the desk. */
export interface Desk {
	readonly db: StudioDb;
	readonly study: Study;
}

/** Gives the desk once the database is open; rejects with `storage-failed` where it cannot be. */
export type OpenDesk = () => Promise<Desk>;
