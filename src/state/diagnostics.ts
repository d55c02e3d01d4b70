import type { Studio } from './studio.svelte';

/** Facts for a bug report: browser, engine, storage, last error. No prompts and no answers. */
export async function diagnosticsText(studio: Studio): Promise<string> {
	const { trainer, storage, problems, requests } = studio;
	const worker = await trainer.diagnostics().catch((cause: unknown) => ({ failed: String(cause) }));
	const facts = {
		browser: navigator.userAgent,
		secureContext: isSecureContext,
		gpuOffered: 'gpu' in navigator,
		cores: navigator.hardwareConcurrency,
		language: navigator.language,
		model: trainer.model,
		engine: trainer.loaded && {
			backend: trainer.loaded.backend,
			device: trainer.loaded.device,
			reason: trainer.loaded.backendReason,
			reports: trainer.loaded.reports,
			loadMs: Math.round(trainer.loaded.loadMs)
		},
		storage: {
			usageBytes: storage.usageBytes,
			quotaBytes: storage.quotaBytes,
			persistent: storage.isPersistent,
			broken: storage.isBroken
		},
		requestsSinceLoad: requests.count,
		lastProblem: problems.current && {
			code: problems.current.error.code,
			message: problems.current.error.message
		},
		worker
	};
	return JSON.stringify(facts, null, '\t');
}
