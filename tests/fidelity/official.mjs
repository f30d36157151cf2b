// The official MJML as a server: one JSON document per line in, one per line out. It starts once per test session.
import { createInterface } from 'node:readline';
import mjml2html from 'mjml';

for await (const line of createInterface({ input: process.stdin })) {
    let answer;
    try {
        const { html, errors } = mjml2html(JSON.parse(line), { validationLevel: 'soft', fonts: {} });
        answer = { html, errors: errors.map((error) => error.formattedMessage) };
    } catch (error) {
        answer = { html: '', errors: [String(error)] };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
}
