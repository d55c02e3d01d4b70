/// <reference lib="webworker" />
/** Entry of the import worker: wires the importer to its port, and nothing else. */
import type { ImportCommands, ImportEvent } from '../src/protocol/import';
import { serve } from '../src/protocol/rpc';
import { Importer } from './import/importer';

const importer = new Importer((event) => emit(event));

const emit = serve<ImportCommands, ImportEvent>(self, importer.handlers);
