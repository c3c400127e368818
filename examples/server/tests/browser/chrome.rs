//! A browser: what a person does with it, and what is checked of every page.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use thirtyfour::prelude::*;

/// The widths that pages are looked at with: a phone, a tablet, a desk.
const WIDTHS: [u32; 3] = [360, 768, 1440];
/// Those that pages speak.
pub(crate) const LANGUAGES: [&str; 3] = ["en", "de", "pl"];
/// The narrowest and the widest that pages are made for.
const ENDS: [u32; 2] = [320, 1600];
const SCHEMES: [&str; 2] = ["light", "dark"];

/// A browser with nothing in it. It ends when dropped.
pub(crate) struct Chrome {
    pub(crate) driver: WebDriver,
    axe: String,
    process: Driver,
}

struct Driver(Child);

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Chrome {
    pub(crate) async fn start() -> Self {
        let (process, port) = start_driver();
        let mut capabilities = DesiredCapabilities::chrome();
        // Chromium's sandbox does not start for root, who runs these tests in containers.
        for arg in ["headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage"] {
            capabilities.add_arg(&format!("--{arg}")).unwrap();
        }
        let driver =
            WebDriver::new(format!("http://127.0.0.1:{port}"), capabilities).await.unwrap();
        Self { driver, axe: std::fs::read_to_string(axe()).unwrap(), process }
    }

    /// Ends it; a test that fails leaves that to the drop.
    pub(crate) async fn quit(self) {
        let Self { driver, process, .. } = self;
        driver.quit().await.unwrap();
        drop(process);
    }

    async fn devtools(&self, command: &str, parameters: Value) {
        self.driver.cdp().send_raw(command, parameters).await.unwrap();
    }

    /// As where script is turned off: pages have none but in files.
    pub(crate) async fn without_script(&self) {
        self.devtools("Network.enable", json!({})).await;
        self.devtools("Network.setBlockedURLs", json!({"urls": ["*.js*"]})).await;
    }

    /// Gives it an authenticator of its own, whose owner says yes to everything.
    pub(crate) async fn has_authenticator(&self) {
        self.devtools("WebAuthn.enable", json!({})).await;
        let options = json!({
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": true,
            "hasUserVerification": true,
            "isUserVerified": true,
            "automaticPresenceSimulation": true,
        });
        self.devtools("WebAuthn.addVirtualAuthenticator", json!({"options": options})).await;
    }

    /// Runs this before the scripts of every page.
    pub(crate) async fn runs_first(&self, script: &str) {
        let source = json!({"source": script});
        self.devtools("Page.addScriptToEvaluateOnNewDocument", source).await;
    }

    /// Has it keep what is downloaded, under the name that it comes with.
    pub(crate) async fn saves_files_in(&self, folder: &Path) {
        let kept = json!({"behavior": "allow", "downloadPath": folder});
        self.devtools("Browser.setDownloadBehavior", kept).await;
    }

    /// The text that was copied last.
    pub(crate) async fn clipboard(&self) -> String {
        let allowed = json!({"permissions": ["clipboardReadWrite"]});
        self.devtools("Browser.grantPermissions", allowed).await;
        let read = "const done = arguments[arguments.length - 1];
            navigator.clipboard.readText().then(done, (error) => done(String(error)));";
        let read = self.driver.execute_async(read, vec![]).await.unwrap();
        read.json().as_str().unwrap().to_owned()
    }

    pub(crate) async fn speaks(&self, language: &str) {
        self.devtools("Network.enable", json!({})).await;
        let headers = json!({"headers": {"Accept-Language": language}});
        self.devtools("Network.setExtraHTTPHeaders", headers).await;
    }

    pub(crate) async fn open(&self, url: &str) {
        self.driver.goto(url).await.unwrap();
    }

    /// Types into the field of this name in the form that posts there.
    pub(crate) async fn fill(&self, form: &str, fields: &[(&str, &str)]) {
        for (name, text) in fields {
            let field = format!("{} [name='{name}']", form_at(form));
            let field = self.driver.find(By::Css(field)).await.unwrap();
            field.clear().await.unwrap();
            field.send_keys(*text).await.unwrap();
        }
    }

    /// Presses the button, or follows the link, that says this.
    pub(crate) async fn press(&self, text: &str) {
        let said =
            format!("//button[normalize-space()='{text}'] | //a[normalize-space()='{text}']");
        match self.driver.find(By::XPath(said)).await {
            Ok(button) => self.follow(&button).await,
            Err(_) => panic!("nothing says {text}: {}", self.driver.source().await.unwrap()),
        }
    }

    /// Presses the first button that submits the form that posts there, in any language.
    pub(crate) async fn submit(&self, form: &str) {
        let button = format!("{} button[type=submit]", form_at(form));
        let button = self.driver.find(By::Css(button)).await.unwrap();
        self.follow(&button).await;
    }

    /// Clicks, and waits until the page that it leads to is there: a click may return
    /// while the form's answer is still awaited.
    async fn follow(&self, element: &WebElement) {
        element.click().await.unwrap();
        let arrived = async {
            while element.tag_name().await.is_ok() || !self.is_loaded().await {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), arrived).await.expect("a page comes");
    }

    async fn is_loaded(&self) -> bool {
        let state = self.driver.execute("return document.readyState", vec![]).await;
        state.is_ok_and(|state| state.json() == &json!("complete"))
    }

    /// Clicks what leads to no other page.
    pub(crate) async fn open_up(&self, css: &str) {
        self.driver.find(By::Css(css)).await.unwrap().click().await.unwrap();
    }

    /// Types where the cursor may be already: behind what is there.
    pub(crate) async fn type_into(&self, css: &str, text: &str) {
        let field = self.driver.find(By::Css(css)).await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// The id of the field where the cursor is, and what is in it.
    pub(crate) async fn focused(&self) -> (String, String) {
        let field = self.driver.active_element().await.unwrap();
        let value = field.prop("value").await.unwrap().unwrap_or_default();
        (field.id().await.unwrap().unwrap_or_default(), value)
    }

    /// Follows what the selector finds first.
    pub(crate) async fn click(&self, css: &str) {
        let found = self.driver.find(By::Css(css)).await.unwrap();
        self.follow(&found).await;
    }

    /// Waits for a page whose address has this in it.
    pub(crate) async fn comes(&self, part: &str) {
        let there = async {
            loop {
                let at = self.driver.current_url().await.unwrap();
                if at.as_str().contains(part) && self.is_loaded().await {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let came = tokio::time::timeout(Duration::from_secs(60), there).await;
        came.unwrap_or_else(|_| panic!("no page with {part} in its address comes"));
    }

    /// What a window of this size shows of a page, in light colours.
    pub(crate) async fn shot(&self, url: &str, width: u32, height: u32) -> Vec<u8> {
        let size = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false,
        });
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
        self.devtools("Emulation.setScrollbarsHidden", json!({"hidden": true})).await;
        self.has_scheme("light").await;
        self.open(url).await;
        self.capture(false).await
    }

    /// Shows pages as they are printed.
    pub(crate) async fn is_on_paper(&self) {
        self.devtools("Emulation.setEmulatedMedia", json!({"media": "print"})).await;
    }

    pub(crate) async fn tick(&self, name: &str) {
        let check = self.driver.find(By::Name(name)).await.unwrap();
        check.click().await.unwrap();
    }

    /// What a person reads.
    pub(crate) async fn text(&self) -> String {
        self.driver.find(By::Tag("body")).await.unwrap().text().await.unwrap()
    }

    pub(crate) async fn reads(&self, part: &str) {
        let text = self.text().await;
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }

    /// Waits for what comes without a click.
    pub(crate) async fn comes_to_read(&self, part: &str) {
        let read = async {
            while !self.text_if_any().await.contains(part) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let read = tokio::time::timeout(Duration::from_secs(60), read).await;
        assert!(read.is_ok(), "{part:?} does not come to:\n{}", self.text().await);
    }

    /// Nothing where a page is just going.
    async fn text_if_any(&self) -> String {
        match self.driver.find(By::Tag("body")).await {
            Ok(body) => body.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    pub(crate) async fn texts_of(&self, css: &str) -> Vec<String> {
        let mut texts = vec![];
        for element in self.driver.find_all(By::Css(css)).await.unwrap() {
            texts.push(element.text().await.unwrap());
        }
        texts
    }

    /// What the QR code on the screen says.
    pub(crate) async fn qr_code(&self) -> String {
        let image = self.driver.find(By::Css("img.qr")).await.unwrap();
        let shot = image.screenshot_as_png().await.unwrap();
        let mut decoder = png::Decoder::new(std::io::Cursor::new(shot));
        decoder.set_transformations(png::Transformations::STRIP_16 | png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let frame = reader.next_frame(&mut pixels).unwrap();
        let (width, height) = (frame.width as usize, frame.height as usize);
        let (line, step) = (frame.line_size, frame.line_size / width);
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| {
            pixels[y * line + x * step]
        });
        let grids = image.detect_grids();
        assert_eq!(grids.len(), 1, "one QR code is on the screen");
        grids[0].decode().unwrap().1
    }

    /// At every width, light and dark: nothing sticks out to the side, axe finds
    /// nothing at WCAG 2.2 AA, and a picture is taken. At the ends: nothing sticks out.
    pub(crate) async fn looks_right(&self, name: &str) {
        for width in ENDS {
            self.has_width(width).await;
            self.fits(&format!("{name}-{width}")).await;
        }
        for width in WIDTHS {
            self.has_width(width).await;
            for scheme in SCHEMES {
                self.has_scheme(scheme).await;
                let at = format!("{name}-{width}-{scheme}");
                self.picture(&at).await;
                self.fits(&at).await;
                self.is_accessible(&at).await;
            }
        }
    }

    /// The same of a page in this language, where it is the first. The others have its
    /// layout and its colours, and texts of their own, which may be too long or name
    /// nothing: the second is looked at briefly, the third at the narrowest alone.
    pub(crate) async fn looks_right_in(&self, language: &str, name: &str) {
        let name = format!("{name}-{language}");
        if language == LANGUAGES[0] {
            return self.looks_right(&name).await;
        }
        if language == LANGUAGES[1] {
            return self.looks_right_briefly(&name).await;
        }
        self.has_width(ENDS[0]).await;
        self.fits(&name).await;
        self.picture(&name).await;
        self.is_accessible(&name).await;
    }

    /// At every width nothing sticks out. Pictures and axe: a phone in light colours, a
    /// desk in dark ones.
    pub(crate) async fn looks_right_briefly(&self, name: &str) {
        for width in ENDS.into_iter().chain(WIDTHS) {
            self.has_width(width).await;
            self.fits(&format!("{name}-{width}")).await;
        }
        for (width, scheme) in [(WIDTHS[0], SCHEMES[0]), (WIDTHS[2], SCHEMES[1])] {
            self.has_width(width).await;
            self.has_scheme(scheme).await;
            let at = format!("{name}-{width}-{scheme}");
            self.picture(&at).await;
            self.is_accessible(&at).await;
        }
    }

    async fn has_scheme(&self, scheme: &str) {
        let feature = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.devtools("Emulation.setEmulatedMedia", json!({"features": feature})).await;
    }

    pub(crate) async fn has_width(&self, width: u32) {
        let size = json!({
            "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false,
        });
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
    }

    async fn fits(&self, at: &str) {
        let sideways = "const page = document.documentElement;
            return page.scrollWidth - page.clientWidth;";
        let sideways = self.driver.execute(sideways, vec![]).await.unwrap();
        assert_eq!(sideways.json(), &json!(0), "{at} has to be scrolled sideways");
    }

    async fn is_accessible(&self, at: &str) {
        // It is large, and stays with the page while its width and colours change.
        let loaded = self.driver.execute("return 'axe' in window", vec![]).await.unwrap();
        if loaded.json() == &json!(false) {
            self.driver.execute(&self.axe, vec![]).await.unwrap();
        }
        // The documentation's own parts are its maker's.
        let run = "const done = arguments[arguments.length - 1];
            axe.run(
                {exclude: [['.scalar-app']]},
                {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']},
            ).then(
                (found) => done(found.violations.map((each) => each.id + ': ' + each.nodes.map(
                    (node) => node.html + ' ' + node.failureSummary).join('; '))),
                (error) => done([String(error)]));";
        let found = self.driver.execute_async(run, vec![]).await.unwrap();
        assert_eq!(found.json(), &json!([]), "{at}");
    }

    /// Of the whole page.
    async fn picture(&self, name: &str) {
        leave(&format!("{name}.png"), &self.capture(true).await);
    }

    async fn capture(&self, whole: bool) -> Vec<u8> {
        let shot = json!({"captureBeyondViewport": whole, "format": "png"});
        let shot = self.driver.cdp().send_raw("Page.captureScreenshot", shot).await.unwrap();
        let engine = base64::engine::general_purpose::STANDARD;
        base64::Engine::decode(&engine, shot["data"].as_str().unwrap()).unwrap()
    }
}

/// Keeps a picture to be looked at.
pub(crate) fn leave(name: &str, png: &[u8]) -> PathBuf {
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).with_file_name("screenshots");
    std::fs::create_dir_all(&target).unwrap();
    let file = target.join(name);
    std::fs::write(&file, png).unwrap();
    file
}

/// The form that posts there; any, where nothing is said.
fn form_at(path: &str) -> String {
    if path.is_empty() { "form".to_owned() } else { format!("form[action$='{path}']") }
}

/// On a port of its own choice.
fn start_driver() -> (Driver, u16) {
    let mut child = Command::new("chromedriver")
        .arg("--port=0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| {
            panic!("chromedriver does not start ({error}): install Chromium and its driver")
        });
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let port = lines.by_ref().map_while(Result::ok).find_map(|line| {
        line.strip_suffix('.')?.split_once("successfully on port ")?.1.parse().ok()
    });
    // It would end where nobody reads what it says.
    std::thread::spawn(move || lines.for_each(drop));
    (Driver(child), port.expect("chromedriver says its port"))
}

/// Deque's accessibility checker, beside the tests' Python packages.
fn axe() -> PathBuf {
    let python = std::env::var("USERMGMT_TEST_PYTHON").expect("USERMGMT_TEST_PYTHON is not set");
    let find = "import importlib.util as u; print(u.find_spec('axe_playwright_python').origin)";
    let output = Command::new(python).args(["-c", find]).output().unwrap();
    assert!(output.status.success(), "axe-playwright-python is not installed");
    let origin = String::from_utf8(output.stdout).unwrap();
    PathBuf::from(origin.trim()).with_file_name("axe.min.js")
}
