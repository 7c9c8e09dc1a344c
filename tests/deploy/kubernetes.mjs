// Usage: node kubernetes.mjs FILE…
//
// Checks each document of Kubernetes manifests against the schema of its kind, and names that lead to another document of the same files
// (selectors, config maps, secrets, services, targets of autoscalers). Prints one line for each document. Exit code: 1 for anything wrong.
import { readFile } from "node:fs/promises";
import * as autoscaling from "kubernetes-models/autoscaling/v2";
import * as apps from "kubernetes-models/apps/v1";
import * as networking from "kubernetes-models/networking.k8s.io/v1";
import * as policy from "kubernetes-models/policy/v1";
import * as core from "kubernetes-models/v1";
import { parseAllDocuments } from "yaml";

const kinds = { "apps/v1": apps, "autoscaling/v2": autoscaling, "networking.k8s.io/v1": networking, "policy/v1": policy, v1: core };
const all = [];
const wrong = [];
for (const file of process.argv.slice(2)) {
  for (const parsed of parseAllDocuments(await readFile(file, "utf8"), { strict: true, uniqueKeys: true })) {
    wrong.push(...parsed.errors.map(error => `${file}: ${error.message}`));
    const document = parsed.toJS();
    const Model = kinds[document.apiVersion]?.[document.kind];
    if (Model === undefined) { wrong.push(`${file}: no schema for ${document.apiVersion} ${document.kind}`); continue; }
    try { new Model(document).validate(); } catch (error) { wrong.push(`${file}: ${document.kind} ${document.metadata?.name}: ${error.message}`); }
    all.push({ file, document });
  }
}

const find = (kind, name) => all.some(({ document }) => document.kind === kind && document.metadata.name === name);
const pods = all.map(({ document }) => document).filter(({ spec }) => spec?.template !== undefined);
const covers = (selector, labels) => Object.entries(selector ?? {}).every(([key, value]) => labels[key] === value);
for (const { file, document } of all) {
  const lead = (found, to) => { if (!found) wrong.push(`${file}: ${document.kind} ${document.metadata.name} leads to ${to}, which is not there`); };
  const selector = document.spec?.selector?.matchLabels ?? document.spec?.podSelector?.matchLabels ?? document.spec?.selector;
  if (selector !== undefined) lead(pods.some(({ spec }) => covers(selector, spec.template.metadata.labels)), `pods with ${JSON.stringify(selector)}`);
  if (document.spec?.scaleTargetRef) lead(find(document.spec.scaleTargetRef.kind, document.spec.scaleTargetRef.name), document.spec.scaleTargetRef.name);
  if (document.kind === "StatefulSet") lead(find("Service", document.spec.serviceName), document.spec.serviceName);
  for (const container of document.spec?.template?.spec.containers ?? []) {
    for (const source of container.envFrom ?? []) {
      if (source.configMapRef) lead(find("ConfigMap", source.configMapRef.name), source.configMapRef.name);
      if (source.secretRef) lead(find("Secret", source.secretRef.name), source.secretRef.name);
    }
    const volumes = [...(document.spec.template.spec.volumes ?? []), ...(document.spec.volumeClaimTemplates ?? []).map(({ metadata }) => metadata)].map(({ name }) => name);
    for (const mount of container.volumeMounts ?? []) lead(volumes.includes(mount.name), `volume ${mount.name}`);
    const ports = (container.ports ?? []).map(({ name }) => name);
    for (const probe of ["startupProbe", "livenessProbe", "readinessProbe"]) lead(ports.includes(container[probe]?.httpGet?.port), `a port for its ${probe}`);
  }
}
if (wrong.length > 0) {
  console.error(wrong.join("\n"));
  process.exit(1);
}
for (const { document } of all) console.log(`${document.kind} ${document.metadata.name}`);
