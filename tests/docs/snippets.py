#!/usr/bin/env python3
"""snippets: what stands in the fenced blocks of README.md and doc/ is tried. Prints TAP.

  snippets.py commands     the commands, one a line: FILE TAB COMMAND
  snippets.py try          tries all of it: needs `mola`, one that runs at $MOLA_ADMIN, and tests/docs/elsewhere. It runs in a folder
                           with links to what is in the tree: files that commands make, and snippets (mola.yaml, web.yml), are in it.

YAML is a stack (`mola check --stack`) where its services have images or labels, and a configuration (`mola check`) else; lines of
labels are those of a service. Blocks in `sh`, and lines behind `$`, are commands: each is run, unless tests/docs/elsewhere has it, with the reason.
`text` is what something prints, or a diagram.
"""
import glob
import os
import re
import subprocess
import sys
import time

import yaml

COMMAND = re.compile(r'^(make|docker|curl|mola|openssl|sudo|systemctl|for|export|echo|printf|tools/\S+|tests/\S+|\./\S+|[A-Z_]+=\S+ (docker|make|tests/)|mola\(\))\b')
LABEL = re.compile(r'^\s*(mola|traefik)\.[\w.-]+\s*[=:]')

# `on` is a key of Mola's and of Docker's, and no switch (YAML 1.2)
for first in 'oO':
    yaml.SafeLoader.yaml_implicit_resolvers[first] = [(tag, r) for tag, r in yaml.SafeLoader.yaml_implicit_resolvers[first] if tag != 'tag:yaml.org,2002:bool']


def documents():
    return ['README.md'] + sorted(glob.glob('doc/*.md')) + sorted(glob.glob('doc/ko/*.md'))        # of the folder that it runs in


def blocks(path):
    """(line number, language, text) of each fenced or indented block of code."""
    lines, at, begin = open(path).read().split('\n'), 0, None
    for number, line in enumerate(lines, 1):
        m = re.match(r'^( *)```(\w*) *$', line)
        if not m:
            continue
        if begin is None:
            begin, indent, language = number, len(m[1]), m[2]
        else:
            yield begin, language, '\n'.join(l[indent:] for l in lines[begin:number - 1])
            begin = None
    if begin is not None:
        print(f'not ok {path}:{begin}: a block has no end')


def joined(lines):
    """Commands, with lines that go on in the next one, and quotes that do."""
    command = ''
    for line in lines:
        if command.count("'") % 2 == 0:
            line = re.sub(r'(^|\s+)#( .*)?$', '', line)
        command += line
        if command.endswith('\\'):
            command = command[:-1] + ' '
        elif len(re.findall(r"(?<!\\)'", re.sub(r'"[^"]*"', '', command))) % 2 == 0:
            command = re.sub(r'\s+', ' ', command).strip()
            if command:
                yield command
            command = ''


def kind_of(language, text):
    lines = [l for l in text.split('\n') if l.strip()]
    if language == 'sh':
        return 'sh'
    if language in ('yaml', 'text'):
        return language
    if any(l.startswith('$ ') for l in lines):
        return 'session'
    if all(LABEL.match(l) or l.startswith('#') for l in lines):
        return 'labels'
    if COMMAND.match(lines[0]):
        return 'sh'
    return 'unknown'


def commands(language, text):
    kind = kind_of(language, text)
    if kind == 'sh':
        yield from joined(text.split('\n'))
    elif kind == 'session':
        yield from joined(l[2:] for l in text.split('\n') if l.startswith('$ '))


def elsewhere():
    """[(beginning of a command, reason)]"""
    found, reason = [], None
    for line in open('tests/docs/elsewhere'):
        line = line.rstrip('\n')
        if line.startswith('# ') or not line:
            continue
        if line.startswith('['):
            reason = line.strip('[]')
        else:
            found.append((line, reason))
    return found


# ---- trying ----

failed = False


def result(good, words, output=''):
    global failed
    if not good:
        failed = True
        print('\n'.join('# ' + l for l in output.strip().split('\n')[-12:]))
    print(('ok ' if good else 'not ok ') + words)


def run(args, shell=False, seconds=20):
    try:
        p = subprocess.run(args, shell=shell, executable='/bin/bash' if shell else None, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True, timeout=seconds)
        return p.returncode, p.stdout
    except subprocess.TimeoutExpired as e:
        return 124, (e.stdout or b'').decode() if isinstance(e.stdout, bytes) else e.stdout or ''


NODE = {'name': None, 'node_exporter': '10.0.0.1:9100'}
LISTEN = ['80', '443', '8081', '8082', '8083', '8084']


def names_of(value):
    return [n.strip() for n in value.split(',')] if isinstance(value, str) else value or []


def complete(parsed):
    """What a part of a configuration takes for granted: listeners, nodes, tasks, a Prometheus."""
    services = parsed.get('services') or []
    for service in services:
        if not {'tasks', 'weighted', 'failover', 'mirroring'} & set(service):
            service['tasks'] = [{'node': 'alpha', 'address': '10.0.0.1:8080'}]
    listen = parsed.setdefault('listen', [] if 'targets' in parsed else [':8080'])
    listen = parsed['listen'] = listen if isinstance(listen, list) else [listen]
    there = {l.get('name') for l in listen if isinstance(l, dict)}
    for name in sorted({n for s in services for n in names_of(s.get('listen'))} - there):
        listen.append({'address': f':{LISTEN[len(listen)]}', 'name': name})
    if not listen:
        del parsed['listen']
    if any(isinstance(l, dict) and l.get('proxy_protocol') for l in listen):
        parsed.setdefault('clients', {'trusted': ['10.0.0.5']})
    if any(isinstance(l, dict) and l.get('tls') for l in listen) and not {'tls', 'acme'} & set(parsed):
        parsed['tls'] = {'certificates': ['/etc/mola/web.pem']}
    nodes = {n['name'] for n in parsed.get('nodes') or []}
    missing = sorted({task['node'] for s in services for task in s.get('tasks') or []} - nodes)
    if missing:
        parsed['nodes'] = (parsed.get('nodes') or []) + [{**NODE, 'name': n} for n in missing]
    return parsed


def check_configuration(where, text):
    """As it stands where it is whole, else with what it takes for granted."""
    path = 'mola.yaml'
    open(path, 'w').write(text)
    status, output = run(['mola', 'check', path])
    if status != 0:
        open(path, 'w').write(yaml.safe_dump(complete(yaml.safe_load(text)), sort_keys=False))
        status, output = run(['mola', 'check', path])
    result(status == 0, f'{where}: a configuration that mola check takes', output)


def check_queries(where, queries):
    """Items of a list of queries, four at a time."""
    for i in range(0, len(queries), 4):
        check_configuration(where, yaml.safe_dump({'prometheus': {'servers': ['http://10.0.0.1:9090']}, 'defaults': {'promql': queries[i:i + 4]}}))


def check_stack(where, text):
    parsed = yaml.safe_load(text)
    listens = set()
    for service in (parsed.get('services') or {}).values():
        service.setdefault('image', 'example/image')
        labels = (service.get('deploy') or {}).get('labels') or {}
        labels = labels if isinstance(labels, dict) else dict(l.split('=', 1) for l in labels)
        listens.update(names_of(labels.get('mola.listen')))
    open('web.yml', 'w').write(text if 'image:' in text else yaml.safe_dump(parsed))
    args = ['mola', 'check', '--stack', 'web.yml']
    if listens:
        open('stack-mola.yaml', 'w').write(yaml.safe_dump({'listen': [
            {'address': f':{LISTEN[i]}', 'name': n} for i, n in enumerate(sorted(listens))]}))
        args.append('stack-mola.yaml')
    status, output = run(args)
    result(status == 0 and 'as meant' in output, f'{where}: a stack that mola check --stack takes', output)


def check_labels(where, labels):
    names = {l.split('.')[0] for l in labels}
    if names == {'mola'} and not any(l.startswith(('mola.host=', 'mola.rule=', 'mola.listen=')) for l in labels):
        labels = labels + ['mola.host=www.example.org']
    if names == {'mola'} and not any(l.startswith('mola.port=') for l in labels):
        labels = labels + ['mola.port=8080']
    check_stack(where, yaml.safe_dump({'services': {'web': {'image': 'example/image', 'deploy': {'labels': labels}}}}))


def check_yaml(where, text):
    try:
        parsed = yaml.safe_load(text)
    except yaml.YAMLError as e:
        return result(False, f'{where}: YAML', str(e))
    if isinstance(parsed, list) and all(isinstance(q, dict) and 'query' in q for q in parsed):
        return check_queries(where, parsed)
    if not isinstance(parsed, dict):
        return result(False, f'{where}: YAML of a mapping', text)
    if isinstance(parsed.get('services'), dict):
        return check_stack(where, text)
    if set(parsed) in ({'labels'}, {'deploy'}):
        labels = (parsed.get('deploy') or parsed)['labels']
        return check_labels(where, [f'{k}={v}' for k, v in labels.items()])
    if set(parsed) == {'networks'}:
        return check_stack(where, yaml.safe_dump({**parsed, 'services': {'web': {'networks': list(parsed['networks']), 'deploy': {
            'labels': ['mola.host=www.example.org', 'mola.port=8080']}}}}))
    check_configuration(where, text)


def check_shown(where, text):
    """What `mola check` is shown to print, it prints: all lines, in their order, but where there is `...`."""
    command, *shown = [l for l in text.split('\n') if l.strip()]
    status, output = run(command[2:], shell=True)
    lines = iter(output.split('\n'))
    lacks = [l for l in shown if l != '...' and not any(l == printed for printed in lines)]
    result(not lacks, f'{where}: {command[2:]} prints what is shown', f'{output}\nlacks {lacks}')


def check_command(where, command):
    """It succeeds, soon; one that follows something is ended, and is good until then; a recording is a short one."""
    short = command.replace('--seconds 600', '--seconds 3')
    follows = re.search(r' (-f|--follow|-N)\b|^mola top', command)
    end = time.monotonic() + 10
    while True:
        status, output = run(f'sudo() {{ "$@"; }}; set -o pipefail; {short}', shell=True, seconds=2 if follows else 30)
        good = status == 0 or (follows and status == 124)
        if good or time.monotonic() > end:
            return result(good, f'{where}: {command}', output)
        time.sleep(.2)


def main():
    skipped, used = elsewhere() if sys.argv[1] == 'try' else [], set()
    for path in documents():
        for made in glob.glob('*.recording'):        # of the document before
            os.remove(made)
        for number, language, text in blocks(path):
            where, kind = f'{path}:{number}', kind_of(language, text)
            found = list(commands(language, text))
            if sys.argv[1] == 'commands':
                for command in found:
                    print(f'{path}\t{command}')
                continue
            if kind == 'yaml':
                check_yaml(where, text)
            elif kind == 'labels':
                check_labels(where, [re.sub(r'\s+# .*', '', l).strip() for l in text.split('\n') if l.strip() and not l.startswith('#')])
            elif kind == 'unknown':
                result(False, f'{where}: a block is sh, yaml or text, or has lines that begin with $', text)
            elif kind == 'session' and found[0].startswith('mola check'):
                check_shown(where, text)
                continue
            for command in found:
                matched = [b for b, _ in skipped if command.startswith(b)]
                used.update(matched)
                if not matched:
                    check_command(where, command)
    for beginning, _ in skipped:
        if beginning not in used:
            result(False, f'tests/docs/elsewhere: no document has {beginning}')
    if sys.argv[1] == 'try':
        result(True, f'{len(used)} commands are listed as run elsewhere, all of them in documents')
        sys.exit(failed)


main()
