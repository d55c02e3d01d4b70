import { mount } from 'svelte';
import './styles/tokens.css';
import './styles/base.css';
import App from './App.svelte';
import { connectImporter } from './state/connect-importer';
import { connectTrainer } from './state/connect-trainer';
import { Studio } from './state/studio.svelte';
import { openStudio } from './storage/db';
import { Persisted } from './storage/preferences';

async function readText(path: string): Promise<string> {
	const response = await fetch(`${import.meta.env.BASE_URL}${path}`);
	if (!response.ok) {
		throw new Error(`${path}: ${response.status}`);
	}
	return response.text();
}

function randomSeed(): number {
	return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
}

const studio = new Studio({
	openDb: openStudio,
	connect: connectTrainer,
	connectImporter,
	persisted: new Persisted(),
	readText,
	now: () => Date.now(),
	randomSeed,
	isSecure: isSecureContext,
	hasGpu: isSecureContext && 'gpu' in navigator
});

studio.theme.apply();
addEventListener('error', (event) => {
	console.error(event.message, event.error);
	// Without an error it is a notice of the browser, such as a layout that took two rounds.
	if (event.error) {
		studio.problems.report(event.error);
	}
});
addEventListener('unhandledrejection', (event) => {
	console.error(event.reason);
	studio.problems.report(event.reason);
});

const target = document.getElementById('app');
if (target) {
	mount(App, { target, props: { studio } });
	void studio.boot();
}
