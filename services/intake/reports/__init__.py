"""Reports: accept them, seal who they are about, follow their cases, answer their source, erase them."""
