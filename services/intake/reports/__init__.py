"""Reports: take them in, seal who they are about, follow what becomes of them, answer their source, forget them."""
