/**
 * The engine on this machine's own graphics card, through Dawn for Node: speed and share of peak of three sizes of model.
 * usage: npm run bench:gpu -- [--quick] [--only TEXT] [--json FILE] [--peak-tflops N] [--allow-software]
 * On an adapter that is imitated on the processor, or without one, nothing is measured: its times say nothing about a card.
 */
import { requestGpu } from '../workers/engine/gpu-device';
import { fmaPeak } from './bench/gpu/fma-peak';
import { PEAK_ROW, SHARED, SIZES, onThisCard } from './bench/gpu/catalogue';
import { installDawn } from './bench/gpu/dawn';
import { measureSize } from './bench/gpu/size';
import { USAGE, readOptions, selected, type BenchOptions } from './bench/options';
import { startDevice } from './bench/page/devices';
import { runSection } from './bench/page/run-section';
import { report } from './bench/report';
import { failures, rowsWith, toRows, type Measurements } from './bench/rows';

const say = (line: string) => console.log(line);

const messageOf = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause));

async function adapterProblem(allowsSoftware: boolean): Promise<string | null> {
	try {
		const gpu = await requestGpu();
		say(`on ${gpu.name}`);
		gpu.device.destroy();
		return gpu.isSoftware && !allowsSoftware
			? `${gpu.name} is imitated on the processor; its times say nothing about a graphics card`
			: null;
	} catch (cause) {
		return messageOf(cause);
	}
}

async function measureAll(options: BenchOptions): Promise<Measurements> {
	const measured: Measurements = {};
	let peak = (options.peakTflops ?? NaN) * 1e12;
	if (!Number.isFinite(peak)) {
		const gpu = await requestGpu();
		peak = await fmaPeak(gpu);
		gpu.device.destroy();
	}
	measured[PEAK_ROW.name] = peak / 1e12;
	for (const size of selected(SIZES, options.only)) {
		try {
			const device = await startDevice('webgpu');
			say(`${size.name}: kernels ${JSON.stringify(device.statistics().kernels)}`);
			Object.assign(measured, await measureSize(device, size, { isQuick: options.isQuick, peak }));
			device.dispose();
		} catch (cause) {
			Object.assign(measured, rowsWith(size.rows, { failed: messageOf(cause) }));
		}
	}
	for (const section of selected(SHARED, options.only)) {
		try {
			const { isQuick } = options;
			const found = await runSection(section.name, { isQuick, say });
			for (const [name, value] of Object.entries(found)) {
				measured[onThisCard(name)] = value;
			}
		} catch (cause) {
			Object.assign(measured, rowsWith(section.rows, { failed: messageOf(cause) }));
		}
	}
	return measured;
}

let options: BenchOptions;
try {
	options = readOptions(process.argv.slice(2));
} catch (cause) {
	console.error(`${messageOf(cause)}\n${USAGE}`);
	process.exit(2);
}
const rows = [
	PEAK_ROW,
	...[...selected(SIZES, options.only), ...selected(SHARED, options.only)].flatMap(
		(section) => section.rows
	)
];
let uninstall: () => void = () => undefined;
let problem: string | null;
try {
	uninstall = await installDawn();
	problem = await adapterProblem(options.allowsSoftware);
} catch (cause) {
	problem = `WebGPU for Node does not start here: ${messageOf(cause)}`;
}
const measured = problem === null ? await measureAll(options) : rowsWith(rows, { absent: problem });
await report({
	rows: toRows(rows, measured),
	failed: failures(rows, measured),
	json: options.json
});
uninstall();
