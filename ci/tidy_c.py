"""The rules of the house for C: shelves, circles, dead exports, and one dialect. For ci/tidy.

What it reads are texts, not syntax trees, so it knows C only as this project writes it: a function's name, parameters and
opening brace begin at the start of a line, and strings do not span lines."""

import re

# A file includes its own folder or a lower shelf; the folders of one shelf do not know each other. Files that lie in
# the part itself (check.h) are below all shelves, tests and the kit above them.
SHELVES = {
    "ref": ["base", "json", "http url websocket rpc", "store acp", "adapter client mcp fetch", "routes",
            "server", "app"],
    "harness": ["base", "json", "model supervisor net", "report case wire", "target history world",
                "store http ws wsclient mcp fetch", "run", "walk", "cli red"],
}
SHELF_OF = {(part, folder): level for part, shelves in SHELVES.items()
            for level, shelf in enumerate(shelves) for folder in shelf.split()}
CIRCLES_MAX = 3

INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)
GUARD = re.compile(r"#ifndef (\w+)\n#define \1\n")
SIZEOF_OBJECT = re.compile(r"\bsizeof\((?!const |unsigned\b|struct |enum |bool\b|char\b|int\b|long\b|\w+_t\b)\*?[\w.\[\]>-]+\)")
FUNCTION = re.compile(r"^(?!static\b|typedef\b|extern\b|enum [^(]*\{|struct [^(]*\{)[a-z_](?:[^(;{=\n]|\n(?=\S))*?\b(\w+)\("
                      r"[^;{]*\)\n\{", re.MULTILINE)
NOT_A_TYPE = r"(?!(?:return|goto|else|case|default|break|continue|do|if|while|for|switch|sizeof|typedef)\b)"
DECLARATION = re.compile(
    "^" + NOT_A_TYPE + r"(?:(?:static|const|volatile|unsigned|signed|struct|enum|union)\s+)*[A-Za-z_]\w*"
    r"(?:\s+const)?(?:\s*\*+\s*(?:const\s+)?|\s+)\**[A-Za-z_]\w*\s*(?:\[[^\]]*\]\s*)*(?:=|;|,|\{)"
    r"|^(?:static\s+|const\s+)*(?:struct|enum|union)\s+\w*\s*\{"
    "|^" + NOT_A_TYPE + r"[A-Za-z_][\w ]*\**\s*\(\*\w+[)\[]")


# ---- one file ----

def include_complaint(root, path, name):
    """What is wrong with an #include "name" in a file of ref/ or harness/, or None."""
    parts = path.relative_to(root).parts
    part, folder = parts[0], parts[1] if len(parts) > 2 else ""
    if not (root / part / name).is_file():
        return f'"{name}" is not below {part}/; includes are written from there'
    other = name.split("/")[0] if "/" in name else ""
    if name.endswith("_private.h") and other != folder and folder != "tests":
        return f'"{name}" is private to {part}/{other}/'
    level = SHELF_OF.get((part, folder))
    if level is None or other in ("", folder):
        return None
    if (part, other) not in SHELF_OF or SHELF_OF[part, other] >= level:
        return f'"{name}" is on no shelf below that of {part}/{folder}/'
    return None


def guard_complaint(root, path, text):
    found = GUARD.search(text)
    parts = path.relative_to(root).parts
    if not found:
        return "no include guard"
    if parts[0] in SHELVES:
        first = "REF" if parts[0] == "ref" else "ASSAY"
        wanted = re.sub(r"\W", "_", "_".join((first,) + parts[1:])).upper()
        if found[1] != wanted:
            return f"the include guard is {found[1]}, not {wanted}"
    return None


def bare(line):
    """The line without what is in its strings and comments."""
    line = re.sub(r"""(["'])(?:(?!\1)[^\\]|\\.)*\1""", r"\1\1", line)
    return re.sub(r"/\*.*?(?:\*/|$)", "", line)


def end_of_statement(lines, first):
    """The line with the semicolon that ends the statement which begins on that line."""
    depth = 0
    for number in range(first, len(lines)):
        for char in bare(lines[number]):
            depth += (char in "([{") - (char in ")]}")
            if char == ";" and depth == 0:
                return number
    return len(lines) - 1


def end_of_declarations(lines, first):
    """The last line of the declarations that begin a block, or None."""
    last = None
    number = first
    while number < len(lines) and lines[number].strip():
        after = number
        if lines[number].strip().startswith("/*"): # it belongs to what follows
            while "*/" not in lines[after]:
                after += 1
            after += 1
        if not DECLARATION.match(bare(lines[after]).strip()):
            break
        last = end_of_statement(lines, after)
        number = last + 1
    return last


def crowded_declarations(text):
    """The numbers of lines with declarations at the beginning of a block and no blank line behind them."""
    lines = text.split("\n")
    inside = False
    for number, line in enumerate(lines):
        inside = line == "{" or (inside and line != "}")
        if inside and re.search(r"(^|\)|\belse|\bdo)\s*\{$", bare(line).rstrip()) and "=" not in line.split(")")[-1]:
            last = end_of_declarations(lines, number + 1)
            if last is not None and lines[last + 1].strip() not in ("", "}"):
                yield last + 1


# ---- all files together ----

def functions_of(texts):
    """{path: names of the functions that others may call}."""
    return {path: {name for name in FUNCTION.findall(text) if name != "main"}
            for path, text in texts.items() if path.suffix == ".c" and path.parent.name != "shim"}


def uses(texts, exports):
    """{path: {other path whose functions it calls}}."""
    home = {name: path for path, names in exports.items() for name in names}
    found = {}
    for path, text in texts.items():
        calls = set(re.findall(r"(?<![.>\w])\w+(?=\()", re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)))
        found[path] = {home[word] for word in calls if word in home and home[word] != path}
    return found


def circles(graph):
    """Files that need each other: the strongly connected parts of the graph with more than one file (Tarjan)."""
    order, low, stack, found = {}, {}, [], []

    def visit(node):
        order[node] = low[node] = len(order)
        stack.append(node)
        for other in graph.get(node, ()):
            if other not in order:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], order[other])
        if low[node] == order[node]:
            at = stack.index(node)
            if len(stack) - at > 1:
                found.append(sorted(stack[at:]))
            del stack[at:]

    for node in sorted(graph):
        if node not in order:
            visit(node)
    return found


def dead_exports(texts, exports):
    """(path, name) of functions that no other file names, headers apart. What check.h offers is there for rooms to come."""
    offered = {word for path, text in texts.items() if path.name == "check.h" for word in re.findall(r"\w+", text)}
    words = {path: set(re.findall(r"\b\w+\b", text)) for path, text in texts.items() if path.suffix == ".c"}
    pasted = {end for text in texts.values() for end in re.findall(r"##(\w+)", text)}
    for path, names in sorted(exports.items()):
        for name in sorted(names):
            if name in offered or name.endswith(tuple(pasted)): # a table may have put the name together
                continue
            if not any(name in others for other, others in words.items() if other != path):
                yield path, name
