/** How much room the browser gives, as far as it tells. Its quota is a guess: a full disk shows only when writing fails. */

export interface StorageState {
	/** null where the browser does not say. */
	usageBytes: number | null;
	quotaBytes: number | null;
	/** The browser promised not to remove this app's data when space runs low. */
	isPersistent: boolean;
}

/** Pages that are not on localhost or HTTPS have no storage manager. */
function manager(): StorageManager | undefined {
	return (navigator as Partial<Navigator>).storage;
}

export async function readStorageState(): Promise<StorageState> {
	const storage = manager();
	const [estimate, isPersistent] = await Promise.all([
		storage?.estimate().catch(() => null),
		storage?.persisted().catch(() => false)
	]);
	return {
		usageBytes: estimate?.usage ?? null,
		quotaBytes: estimate?.quota ?? null,
		isPersistent: isPersistent ?? false
	};
}

/** Asks the browser to keep the data; call it on the first gesture that makes some. Gives whether it will. */
export async function askPersistence(): Promise<boolean> {
	return (
		(await manager()
			?.persist()
			.catch(() => false)) ?? false
	);
}
